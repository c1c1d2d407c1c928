// mica: the command line.
#include <cstdio>
#include <exception>

#include "runtime/base/error.h"
#include "tools/command.h"

namespace mica::tools {
namespace {

int exit_code(const Error& error) {
  switch (error.code()) {
    case ErrorCode::InvalidArgument:
    case ErrorCode::Io:
      return kUsage;
    case ErrorCode::Internal:
      return kInternal;
    default:
      return kNegative;
  }
}

int run(int argc, char** argv) {
  CLI::App app("Mica: a self-contained ONNX inference runtime", "mica");
  app.require_subcommand(1);
  app.set_version_flag("--version", MICA_VERSION);
  app.failure_message(CLI::FailureMessage::help);
  Action action;
  for (const AddCommand add : commands()) add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  return action();
}

}  // namespace
}  // namespace mica::tools

int main(int argc, char** argv) {
  using namespace mica;
  try {
    return tools::run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "mica: %s\n", error.what());
    return tools::exit_code(error);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "mica: out of memory\n");
    return tools::kNegative;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mica: internal error: %s\n", error.what());
    return tools::kInternal;
  }
}
