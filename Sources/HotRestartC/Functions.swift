// SPDX-License-Identifier: Apache-2.0
/// The functions of hotrestart.h, each a few lines over Generation.
///
/// Called by programs in other languages; the compiler holds each to its declaration there.
/// Invariant: no error leaves as anything but a return value and a sentence; a handle is a Generation, held for ever.

public import CHotRestart
internal import Glibc
internal import HotRestart

@c @implementation
public func hotrestart_start(
    _ options: UnsafePointer<hotrestart_options>?, _ error: UnsafeMutablePointer<hotrestart_error>?
) -> OpaquePointer? {
    unsafe attempt(error, otherwise: nil) {
        let generation = try Generation.start(unsafe options.map { unsafe GenerationOptions($0.pointee) } ?? .init())
        // Holds: never released, as the process is a generation for its life.
        return unsafe OpaquePointer(Unmanaged.passRetained(generation).toOpaque())
    }
}

@c @implementation
public func hotrestart_generation(_ generation: OpaquePointer?) -> CInt { CInt(unsafe handle(generation).number) }

@c @implementation
public func hotrestart_socket(
    _ generation: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ type: CInt,
    _ bind: (@convention(c) (UnsafeMutableRawPointer?) -> CInt)?, _ context: UnsafeMutableRawPointer?,
    _ error: UnsafeMutablePointer<hotrestart_error>?
) -> CInt {
    unsafe attempt(error, otherwise: -1) {
        let name = unsafe text(name) ?? ""
        return try unsafe handle(generation).socket(named: name, SocketType(type)) {
            let raw = unsafe bind?(context) ?? -1
            guard raw >= 0 else {
                throw GenerationError.system(call: name, reason: unsafe String(cString: strerror(errno)))
            }
            return raw
        }
    }
}

@c @implementation
public func hotrestart_tcp(
    _ generation: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ address: UnsafePointer<CChar>?, _ port: CInt,
    _ error: UnsafeMutablePointer<hotrestart_error>?
) -> CInt {
    unsafe attempt(error, otherwise: -1) {
        try unsafe handle(generation).tcp(named: text(name) ?? "", address: text(address) ?? "", port: number(port))
    }
}

@c @implementation
public func hotrestart_udp(
    _ generation: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ address: UnsafePointer<CChar>?, _ port: CInt,
    _ error: UnsafeMutablePointer<hotrestart_error>?
) -> CInt {
    unsafe attempt(error, otherwise: -1) {
        try unsafe handle(generation).udp(named: text(name) ?? "", address: text(address) ?? "", port: number(port))
    }
}

@c @implementation
public func hotrestart_take_state(
    _ generation: OpaquePointer?, _ state: UnsafeMutablePointer<hotrestart_state>?,
    _ error: UnsafeMutablePointer<hotrestart_error>?
) -> CInt {
    unsafe attempt(error, otherwise: -1) {
        guard let taken = try unsafe handle(generation).takeState() else { return 0 }
        unsafe state?.initialize(to: hotrestart_state(copying: taken))
        return 1
    }
}

@c @implementation
public func hotrestart_free_state(_ state: UnsafeMutablePointer<hotrestart_state>?) { unsafe state?.pointee.free() }

@c @implementation
public func hotrestart_ready(_ generation: OpaquePointer?, _ error: UnsafeMutablePointer<hotrestart_error>?) -> CInt {
    unsafe attempt(error, otherwise: -1) {
        try unsafe handle(generation).ready()
        return 0
    }
}

@c @implementation
public func hotrestart_restart(_ generation: OpaquePointer?) { unsafe handle(generation).restart() }

@c @implementation
public func hotrestart_descriptor(_ generation: OpaquePointer?) -> CInt { unsafe handle(generation).turnDescriptor }

@c @implementation
public func hotrestart_next(
    _ generation: OpaquePointer?, _ timeout: CInt, _ reason: UnsafeMutablePointer<hotrestart_error>?
) -> hotrestart_turn {
    switch unsafe handle(generation).next(within: timeout < 0 ? nil : .milliseconds(Int(timeout))) {
    case nil: return HOTRESTART_NOTHING
    case .handOver: return HOTRESTART_HAND_OVER
    case .drain: return HOTRESTART_DRAIN
    case .overdue: return HOTRESTART_OVERDUE
    case .failed(let sentence):
        unsafe tell(sentence, reason)
        return HOTRESTART_FAILED
    }
}

@c @implementation
public func hotrestart_hand(
    _ generation: OpaquePointer?, _ bytes: UnsafeRawPointer?, _ count: Int,
    _ descriptors: UnsafePointer<hotrestart_descriptor>?, _ descriptorCount: Int,
    _ error: UnsafeMutablePointer<hotrestart_error>?
) -> CInt {
    unsafe attempt(error, otherwise: -1) {
        let named = unsafe UnsafeBufferPointer(start: descriptors, count: descriptorCount).map {
            unsafe (name: text($0.name) ?? "", descriptor: $0.descriptor)
        }
        try unsafe handle(generation).hand(UnsafeRawBufferPointer(start: bytes, count: count), descriptors: named)
        return 0
    }
}
