// SPDX-License-Identifier: Apache-2.0
// Calls the server all the time, over connections of one call and over connections of fifty, until its standard input
// ends; says how many calls there were and how many failed, and ends with 0 only if none did.
// Usage: client PORT
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "gen-cpp/Echo.h"

using namespace apache::thrift;

struct Figures {
  std::mutex lock;
  long calls = 0, connections = 0, failed = 0;
  double longest = 0;
  std::string trouble;
};

static void converse(int port, int calls, Figures& figures, const std::atomic<bool>& is_over) {
  while (!is_over) {
    auto begun = std::chrono::steady_clock::now();
    int done = 0;
    std::string trouble;
    try {
      auto socket = std::make_shared<transport::TSocket>("127.0.0.1", port);
      auto transport = std::make_shared<transport::TBufferedTransport>(socket);
      example::EchoClient client(std::make_shared<protocol::TBinaryProtocol>(transport));
      transport->open();
      for (; done < calls && !is_over; done++) {
        std::string answer, text = "call " + std::to_string(done);
        client.echo(answer, text);
        if (answer != text) throw std::runtime_error("another answer: " + answer);
      }
      transport->close();
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begun;
    std::lock_guard<std::mutex> hold(figures.lock);
    figures.calls += done;
    figures.connections++;
    figures.longest = std::max(figures.longest, time.count());
    if (trouble.empty()) continue;
    figures.failed++;
    figures.trouble = "; " + trouble;
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Figures figures;
  std::atomic<bool> is_over{false};
  std::vector<std::thread> clients;
  for (int calls : {1, 1, 50, 50})
    clients.emplace_back(converse, atoi(argv[1]), calls, std::ref(figures), std::cref(is_over));
  while (std::cin.get() != EOF) continue;
  is_over = true;
  for (auto& client : clients) client.join();
  std::cout << figures.calls << " calls over " << figures.connections << " connections, " << figures.failed
            << " failed, longest connection " << static_cast<long>(figures.longest) << " ms" << figures.trouble
            << std::endl;
  return figures.failed ? 1 : 0;
}
