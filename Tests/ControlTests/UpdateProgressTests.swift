// SPDX-License-Identifier: Apache-2.0
/// What a restart or an update tells while it goes on, as machines and as people get it.

import Control
import Testing
import Wire

@Suite("The progress of an update")
struct UpdateProgressTests {
    @Test(
        "is JSON that is read back, a line for each step",
        arguments: [
            (UpdateStep("staged", took: 12_345_678), #"{"step":"staged","seconds":0.012345}"#),
            (
                UpdateStep("probation", took: 5_000_001_000, "5 roles"),
                #"{"step":"probation","seconds":5.000001,"detail":"5 roles"}"#
            ),
        ])
    func steps(step: UpdateStep, json: String) throws {
        #expect(text(step.answer(.json)) == json + "\n")
        var read = step
        read.time = step.time / 1_000 * 1_000
        #expect(UpdateStep(try #require(JSONValue(document: Array(json.utf8)))) == read)
    }

    @Test(
        "ends with a verdict that is read back",
        arguments: [
            (
                UpdateVerdict(.committed, from: "0.5.0", to: "0.6.0"),
                #"{"verdict":"committed","reason":null,"from":"0.5.0","to":"0.6.0"}"#
            ),
            (UpdateVerdict(.refused, reason: "no"), #"{"verdict":"refused","reason":"no","from":null,"to":null}"#),
            (UpdateVerdict(.dryRun), #"{"verdict":"dry-run","reason":null,"from":null,"to":null}"#),
        ])
    func verdict(verdict: UpdateVerdict, json: String) throws {
        #expect(text(verdict.answer(.json)) == json + "\n")
        #expect(UpdateVerdict(try #require(JSONValue(document: Array(json.utf8)))) == verdict)
    }

    @Test(
        "takes nothing else for a step or a verdict",
        arguments: [
            "{}", #"{"step":"a"}"#, #"{"step":"a","seconds":"1"}"#, #"{"step":"a","seconds":-1}"#,
            #"{"step":"a","seconds":1e300}"#, #"{"verdict":"done"}"#,
        ])
    func foreign(json: String) throws {
        let value = try #require(JSONValue(document: Array(json.utf8)))
        #expect(UpdateStep(value) == nil && UpdateVerdict(value) == nil)
    }

    @Test("is text in columns, long words below each other")
    func columns() {
        #expect(text(UpdateStep("staged", took: 3_000_000).text(TextStyle())) == "staged       3.0ms\n")
        let step = UpdateStep("shadow", took: 850_000_000, String(repeating: "word ", count: 14) + "end")
        let indent = String(repeating: " ", count: 20)
        #expect(
            text(step.text(TextStyle())) == "shadow       850ms  " + String(repeating: "word ", count: 11) + "word\n"
                + indent + "word word end\n")
        let verdict = UpdateVerdict(.failed, reason: "it did not come up", from: "0.5.0 /usr/bin/belfryd")
        #expect(
            text(verdict.text(TextStyle()))
                == "failed     it did not come up\n  from     0.5.0 /usr/bin/belfryd\n")
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
