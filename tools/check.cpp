// mica check: everything in a model that cannot run, and why.
#include <fmt/core.h>

#include "graph/inference.h"
#include "graph/onnx/import.h"
#include "graph/verify.h"
#include "kernels/op.h"
#include "runtime/kernel_choice.h"
#include "tools/command.h"
#include "tools/graph_walk.h"
#include "tools/print.h"

namespace mica::tools {
namespace {

struct Options {
  CommonOptions common;
  std::string model;
};

struct Problem {
  std::string kind;   ///< "model", "graph", "operator", "kernel", "types"
  std::string where;  ///< node or file
  std::string what;
};

struct Report {
  std::vector<Problem> problems;
  std::vector<std::string> notes;
  size_t nodes = 0;
};

std::string missing_operator(const Node& node) {
  const OpTable& known = operators();
  const OpTable::Entry* oldest = nullptr;
  for (const OpTable::Entry& entry : known.entries()) {
    if (entry.domain == node.domain && entry.name == node.op_type && oldest == nullptr) oldest = &entry;
  }
  if (oldest != nullptr) {
    return fmt::format("this build has it from version {} on, the model is of version {}", oldest->since, node.opset);
  }
  std::string text = fmt::format("{} is not an operator of this build", operator_name(node));
  const std::string near = known.nearest(node.domain, node.op_type);
  return near.empty() ? text : text + fmt::format("; did you mean \"{}\"?", near);
}

// Nodes without a kernel for another device run on the CPU.
void check_node(const Graph& graph, const Node& node, std::vector<Problem>& problems) {
  if (node.op == nullptr) {
    problems.push_back({"operator", node.str(), missing_operator(node)});
    return;
  }
  const KernelChoice choice = choose_kernel(graph, node, "cpu");
  if (choice.kernel != nullptr) return;
  std::string reasons;
  for (const std::string& refusal : choice.refusals) reasons += (reasons.empty() ? ": " : "; ") + refusal;
  problems.push_back({"kernel", node.str(), fmt::format("it has no kernel for cpu{}", reasons)});
}

// Node by node, so that one contradiction does not hide the next. Bodies are inferred with the nodes that hold them.
void check_types(Graph& graph, std::vector<Problem>& problems) {
  for (const NodeId id : graph.order()) {
    try {
      infer_node(graph, id, Strictness::Strict);
    } catch (const Error& error) {
      problems.push_back({"types", error.path(), error.message()});
    }
  }
}

void check_graph(Graph& graph, Report& report) {
  try {
    verify(graph);
  } catch (const Error& error) {
    report.problems.push_back({"graph", error.path(), error.message()});
    return;
  }
  check_types(graph, report.problems);
  for_each_node(graph, [&](const Graph& g, NodeId id, int) {
    ++report.nodes;
    check_node(g, g.node(id), report.problems);
  });
}

Report check(const Options& options) {
  Report report;
  try {
    const GraphModel model = onnx::import_model(options.model, operators());
    report.notes = model.notes;
    check_graph(*model.graph, report);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::InvalidModel && error.code() != ErrorCode::Unsupported) throw;
    report.problems.push_back({"model", error.path(), error.message()});
  }
  return report;
}

void print_text(const Options& options, const Report& report) {
  for (const std::string& text : report.notes) note(options.common, text);
  for (const Problem& problem : report.problems) {
    const std::string where = problem.where.empty() ? "" : printable(problem.where) + ": ";
    fmt::print("{}: {}{}\n", problem.kind, where, printable(problem.what));
  }
  if (report.problems.empty()) {
    fmt::print("{}: {} nodes, all can run on {}\n", options.model, report.nodes, options.common.device);
  } else {
    fmt::print("{}: {} problem{}\n", options.model, report.problems.size(), report.problems.size() == 1 ? "" : "s");
  }
}

int run(const Options& options) {
  const Report report = check(options);
  if (options.common.json) {
    Json problems = Json::array();
    for (const Problem& problem : report.problems) {
      problems.push_back({{"kind", problem.kind}, {"where", problem.where}, {"what", problem.what}});
    }
    print_json({{"model", options.model},
                {"device", options.common.device},
                {"nodes", report.nodes},
                {"problems", problems},
                {"notes", report.notes}});
  } else {
    print_text(options, report);
  }
  return report.problems.empty() ? kOk : kNegative;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("check", "All in a model that cannot run, and why");
  add_model_argument(*command, options->model);
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
