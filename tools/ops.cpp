// mica ops: which operators this build has, in which versions, for which types.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "kernels/op.h"
#include "runtime/base/text.h"
#include "tools/command.h"
#include "tools/graph_walk.h"
#include "tools/print.h"

namespace mica::tools {
namespace {

struct Options {
  CommonOptions common;
  std::vector<std::string> names;
  bool summary = false;
};

/// An operator with all its versions.
struct Support {
  std::string domain, name;
  std::vector<int64_t> versions;
  const OpDef* newest = nullptr;
};

std::vector<Support> list_operators() {
  std::vector<Support> list;
  for (const OpTable::Entry& entry : operators().entries()) {
    if (list.empty() || list.back().domain != entry.domain || list.back().name != entry.name) {
      list.push_back({std::string(entry.domain), std::string(entry.name), {}, nullptr});
    }
    list.back().versions.push_back(entry.since);
    list.back().newest = &entry.def();
  }
  return list;
}

std::vector<Support> selected(std::vector<Support> list, const std::vector<std::string>& names) {
  if (names.empty()) return list;
  std::vector<std::string_view> known;
  for (const Support& support : list) known.push_back(support.name);
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) == known.end()) {
      throw Error(ErrorCode::InvalidArgument, unknown_name("operator", name, known));
    }
  }
  std::erase_if(list, [&](const Support& support) { return std::ranges::find(names, support.name) == names.end(); });
  return list;
}

// Sets of types by name, the largest first, then what is left.
std::string type_names(DTypeSet set) {
  struct Named {
    std::string_view name;
    DTypeSet types;
  };
  constexpr std::array kSets = {Named{"all types", types::any},        Named{"all numbers", types::numeric},
                                Named{"integers", types::ints},        Named{"floats", types::floats},
                                Named{"float8", types::float8},        Named{"complex", types::complex},
                                Named{"2- and 4-bit", types::sub_byte}};
  if (set.empty()) return "anything";
  std::string text;
  for (const Named& named : kSets) {
    if ((set - (set - named.types)) != named.types) continue;
    text += (text.empty() ? "" : ", ") + std::string(named.name);
    set = set - named.types;
  }
  const std::string rest = set.str();
  return text.empty() || rest.empty() ? text + rest : text + ", " + rest;
}

// `X: floats; axes: int64`, formal inputs of the same types together.
std::string input_types(const OpDef& def) {
  std::vector<std::pair<std::string, DTypeSet>> groups;
  for (const FormalParameter& input : def.inputs) {
    const auto known = std::ranges::find(groups, input.types, &std::pair<std::string, DTypeSet>::second);
    if (known == groups.end()) {
      groups.emplace_back(input.name, input.types);
    } else {
      known->first += ", " + std::string(input.name);
    }
  }
  std::string text;
  for (const auto& [names, types] : groups) text += (text.empty() ? "" : "; ") + names + ": " + type_names(types);
  return text;
}

std::string kernel_names(const OpDef& def) {
  std::string text;
  for (const Kernel& kernel : def.kernels) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", kernel.device, kernel.name);
  }
  return text;
}

std::string join(const std::vector<int64_t>& numbers) {
  std::string text;
  for (const int64_t number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text;
}

void print_markdown(const std::vector<Support>& list) {
  std::string domain = "-";
  for (const Support& support : list) {
    if (support.domain != domain) {
      fmt::print("{}### {}\n\n| Operator | Since versions | Types of the inputs | Kernels |\n|---|---|---|---|\n",
                 domain == "-" ? "" : "\n", domain_name(support.domain));
      domain = support.domain;
    }
    fmt::print("| {} | {} | {} | {} |\n", support.name, join(support.versions), input_types(*support.newest),
               kernel_names(*support.newest));
  }
}

// A paragraph a domain: how many operators, and their names.
void print_summary(const std::vector<Support>& list) {
  constexpr size_t kWidth = 120;
  for (auto first = list.begin(); first != list.end();) {
    const auto last = std::find_if(first, list.end(), [&](const Support& s) { return s.domain != first->domain; });
    std::string text = fmt::format("{}**{}** ({}):", first == list.begin() ? "" : "\n", domain_name(first->domain),
                                   std::distance(first, last));
    size_t line = text.size();
    for (; first != last; ++first) {
      const std::string word = first->name + (first + 1 == last ? "." : ",");
      const bool fits = line + 1 + word.size() <= kWidth;
      text += (fits ? " " : "\n") + word;
      line = fits ? line + 1 + word.size() : word.size();
    }
    fmt::print("{}\n", text);
  }
}

Json to_json(const std::vector<Support>& list) {
  Json json = Json::array();
  for (const Support& support : list) {
    Json inputs = Json::array(), kernels = Json::array();
    for (const FormalParameter& input : support.newest->inputs) {
      inputs.push_back({{"name", input.name},
                        {"types", input.types.str()},
                        {"optional", input.optional},
                        {"variadic", input.variadic}});
    }
    for (const Kernel& kernel : support.newest->kernels) {
      kernels.push_back({{"device", kernel.device}, {"name", kernel.name}});
    }
    json.push_back({{"domain", domain_name(support.domain)},
                    {"name", support.name},
                    {"versions", support.versions},
                    {"inputs", std::move(inputs)},
                    {"kernels", std::move(kernels)}});
  }
  return json;
}

int run(const Options& options) {
  const auto list = selected(list_operators(), options.names);
  if (options.common.json) {
    print_json({{"operators", to_json(list)}});
  } else if (options.summary) {
    print_summary(list);
  } else {
    print_markdown(list);
  }
  return kOk;
}

}  // namespace

void add_ops(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("ops", "Operators of this build, as a table in Markdown");
  command->add_option("names", options->names, "Only these operators");
  command->add_flag("--summary", options->summary, "Only their names, by domain");
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
