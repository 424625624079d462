// SPDX-License-Identifier: Apache-2.0
/// A picture in SVG, grown element by element.
///
/// Used by the charts.
/// Invariant: colours stand only in the style at its head, in a light and a dark set, so that a page in either shows it
/// readably; every text that comes from outside is escaped.

import Foundation

struct Drawing {
    static let width = 860.0
    private(set) var height = 0.0
    private var body: [String] = []

    mutating func grow(_ more: Double) { height += more }

    enum Anchor: String { case start, middle, end }

    mutating func text(_ x: Double, _ y: Double, _ words: String, _ style: String = "t", _ anchor: Anchor = .start) {
        let place = "x=\"\(Self.short(x))\" y=\"\(Self.short(y))\""
        body.append(
            "<text \(place) class=\"\(style)\" text-anchor=\"\(anchor.rawValue)\">\(Self.escaped(words))</text>")
    }

    mutating func bar(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String) {
        let size = "width=\"\(Self.short(max(width, 1)))\" height=\"\(Self.short(height))\""
        body.append("<rect x=\"\(Self.short(x))\" y=\"\(Self.short(y))\" \(size) rx=\"2\" class=\"\(style)\"/>")
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
        let ends = "x1=\"\(Self.short(x1))\" y1=\"\(Self.short(y1))\" x2=\"\(Self.short(x2))\" y2=\"\(Self.short(y2))\""
        body.append("<line \(ends) class=\"\(style)\"/>")
    }

    mutating func path(_ points: [(Double, Double)], _ style: String) {
        let list = points.map { "\(Self.short($0.0)),\(Self.short($0.1))" }.joined(separator: " ")
        body.append("<polyline points=\"\(list)\" class=\"\(style)\"/>")
    }

    mutating func dot(_ x: Double, _ y: Double, _ style: String) {
        body.append("<circle cx=\"\(Self.short(x))\" cy=\"\(Self.short(y))\" r=\"3.5\" class=\"\(style)\"/>")
    }

    func svg(title: String) -> String {
        let (width, height) = (Int(Self.width), Int(height.rounded(.up)))
        let head = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\""
        return """
            \(head) width="\(width)" height="\(height)" role="img">
            <title>\(Self.escaped(title))</title>
            <style>\(Self.style)</style>
            <rect width="\(width)" height="\(height)" class="paper"/>
            \(body.joined(separator: "\n"))
            </svg>

            """
    }

    /// Names of colours, light and dark; the first is the subject's. Told apart by brightness, too.
    private static let light = ["#b3541e", "#3d6f9e", "#6b9b37", "#8a63a8", "#c49a1a", "#4aa3a0", "#7d7d7d", "#c06c84"]
    private static let dark = ["#f08c4a", "#78aadb", "#9ccc65", "#bd9ad6", "#e6c04d", "#74cbc8", "#a8a8a8", "#e89bb0"]
    static let colours = 8

    private static var style: String {
        """

        text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
        \(sheet(paper: "#ffffff", ink: "#1f2328", quiet: "#59636e", grid: "#d8dee4", colours: light))
        @media (prefers-color-scheme:dark){
        \(sheet(paper: "#0d1117", ink: "#e6edf3", quiet: "#9198a1", grid: "#30363d", colours: dark))
        }

        """
    }

    private static func sheet(paper: String, ink: String, quiet: String, grid: String, colours: [String]) -> String {
        let fixed = """
            .paper{fill:\(paper)}.h{font-size:17px;font-weight:600;fill:\(ink)}.s{font-size:14px;font-weight:600;fill:\(ink)}
            .t{font-size:14px;fill:\(ink)}.q{font-size:12px;fill:\(quiet)}.grid{stroke:\(grid);stroke-width:1}
            .spread{stroke:\(ink);stroke-width:1.5}
            """
        let own = colours.enumerated().map { index, colour in
            ".f\(index){fill:\(colour)}.l\(index){fill:none;stroke:\(colour);stroke-width:2;stroke-linejoin:round}"
        }
        return ([fixed] + own).joined(separator: "\n")
    }

    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    private static func short(_ number: Double) -> String {
        let rounded = (number * 10).rounded() / 10
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}
