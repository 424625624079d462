// SPDX-License-Identifier: Apache-2.0
// A Thrift server that is restarted (`kill -USR2 PID`) without a call failing. Thrift's own TServerSocket binds a port;
// InheritedServerSocket serves one that is bound. A Thrift connection can't be told to come back later, so the old
// generation serves those that it has until their clients close them.
// Usage: server [PORT], and PID_FILE=FILE in the environment for a file with the pid of the one that serves.
#include <hotrestart.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/server/TThreadedServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TServerTransport.h>
#include <thrift/transport/TSocket.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <thread>

#include "gen-cpp/Echo.h"

using namespace apache::thrift;
using namespace apache::thrift::transport;

class InheritedServerSocket : public TServerTransport {
 public:
  explicit InheritedServerSocket(int listener) : listener(listener), bell(eventfd(0, EFD_CLOEXEC)) {}
  ~InheritedServerSocket() override {
    close();
    ::close(bell);
  }

  bool isOpen() const override { return listener >= 0; }

  /// Takes no more connections; those that there are go on.
  void interrupt() override { eventfd_write(bell, 1); }

  void close() override {
    if (listener >= 0) ::close(listener);
    listener = -1;
  }

 protected:
  std::shared_ptr<TTransport> acceptImpl() override {
    for (;;) {
      pollfd watched[2] = {{bell, POLLIN, 0}, {listener, POLLIN, 0}};
      poll(watched, 2, -1);
      if (watched[0].revents) throw TTransportException(TTransportException::INTERRUPTED);
      // Another generation may have been faster: the listener does not block.
      int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection >= 0) return std::make_shared<TSocket>(connection);
    }
  }

 private:
  int listener;
  int bell;
};

class EchoHandler : public example::EchoIf {
 public:
  void echo(std::string& answer, const std::string& text) override { answer = text; }
};

int main(int argc, char** argv) {
  hotrestart_error error;
  hotrestart_options options = {};
  options.pid_file = getenv("PID_FILE");
  hotrestart* generation = hotrestart_start(&options, &error);
  int port = argc > 1 ? atoi(argv[1]) : 9090;
  int listener = generation ? hotrestart_tcp(generation, "port", "127.0.0.1", port, &error) : -1;
  if (listener < 0) {
    std::cerr << error.text << std::endl;
    return 1;
  }
  server::TThreadedServer server(
      std::make_shared<example::EchoProcessor>(std::make_shared<EchoHandler>()),
      std::make_shared<InheritedServerSocket>(listener), std::make_shared<TBufferedTransportFactory>(),
      std::make_shared<protocol::TBinaryProtocolFactory>());
  std::thread serving([&] { server.serve(); });
  if (hotrestart_ready(generation, &error) < 0) {
    std::cerr << error.text << std::endl;
    _exit(1);
  }
  for (;;) {
    switch (hotrestart_next(generation, -1, &error)) {
      case HOTRESTART_DRAIN:
        // It returns from serve() when the last connection is closed.
        server.stop();
        std::thread([&] { serving.join(); _exit(0); }).detach();
        break;
      case HOTRESTART_OVERDUE: _exit(1);
      case HOTRESTART_FAILED: std::cerr << "not restarted: " << error.text << std::endl; break;
      default: break;
    }
  }
}
