// SPDX-License-Identifier: Apache-2.0
/// What belfryd says once it is open for business: where it listens, where to ask, three lines to try.
///
/// Written to standard error by the Supervisor. Pure.
/// Invariant: the lines can be pasted into a shell as they are.

package enum Greeting {
    /// - Parameters: `address`: "127.0.0.1:2355" or "[::1]:2355". `tool`: the path of `belfry`.
    package static func lines(
        address: String, udp: Bool, tcp: Bool, control: String, telnet: String? = nil, tool: String
    ) -> [String] {
        let colon = address.lastIndex(of: ":") ?? address.endIndex
        var host = address[..<colon].filter { $0 != "[" && $0 != "]" }
        // What listens everywhere is reached here.
        if host == "0.0.0.0" { host = "127.0.0.1" }
        if host == "::" { host = "::1" }
        let port = address[colon...].dropFirst()
        let protocols = udp && tcp ? "UDP and TCP" : udp ? "UDP" : "TCP"
        let how = udp ? "--udp" : "--tcp"
        let reach = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return [
            "listening on \(address) (\(protocols))",
            "control socket \(control)" + (telnet.map { ", telnet \($0)" } ?? ""),
            "try: logger --server \(host) --port \(port) \(how) --rfc5424 -p daemon.crit 'disk sda is failing'",
            "try: \(tool) send --to \(reach)\(tcp ? "" : " --udp") --topic alerts.disk.full 'sda1 at 97 %'",
            "try: \(tool) --control \(control) status",
        ]
    }
}
