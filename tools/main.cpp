// mica: the command line.
#include <cstdio>
#include <exception>
#include <filesystem>

#include "runtime/base/error.h"
#include "tools/command.h"
#include "tools/usage.h"

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
  CLI::App app("Mica: a self-contained ONNX inference runtime", argc > 0 ? argv[0] : "mica");
  app.require_subcommand(1);
  app.set_version_flag("--version", MICA_VERSION);
  Action action;
  for (const AddCommand add : commands()) add(app, action);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kUsage;
  }
  try {
    if (argv[1][0] != '-') {
      if (const std::string error = unknown_command(app, argv[1]); !error.empty()) {
        throw Error(ErrorCode::InvalidArgument, error);
      }
    }
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    app.exit(wanted);
    return kOk;
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorCode::InvalidArgument, usage_error(app, error));
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
  } catch (const std::filesystem::filesystem_error& error) {
    std::fprintf(stderr, "mica: %s\n", error.what());
    return tools::kUsage;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "mica: out of memory\n");
    return tools::kNegative;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mica: internal error: %s\n", error.what());
    return tools::kInternal;
  }
}
