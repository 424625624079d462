// SPDX-License-Identifier: Apache-2.0
// Nothing is called here: the sanitizers' runtimes find what options.c has for them by its names.
// Used by no source; Package.swift links the target into every executable when Scripts/sanitize builds.
#pragma once
