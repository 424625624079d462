// SPDX-License-Identifier: Apache-2.0
// What the server of this example offers.
namespace cpp example

service Echo {
  string echo(1: string text)
}
