#include "tools/inputs/run_inputs.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace mica::tools {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::InvalidArgument, why);
}

// What `name` has in the place of the first * of `pattern`; nullopt when it does not fit. Without a * it has to be
// equal.
std::optional<std::string> match(std::string_view pattern, std::string_view name) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name ? std::optional<std::string>("") : std::nullopt;
  const std::string_view before = pattern.substr(0, star), behind = pattern.substr(star + 1);
  if (name.size() < pattern.size() - 1 || !name.starts_with(before) || !name.ends_with(behind)) return std::nullopt;
  return std::string(name.substr(star, name.size() - (pattern.size() - 1)));
}

std::string with_star(std::string pattern, const std::string& text) {
  const size_t star = pattern.find('*');
  return star == std::string::npos ? pattern : pattern.replace(star, 1, text);
}

void require_dim(const Model& model, const std::string& dim) {
  for (const ValueInfo& input : model.inputs()) {
    if (std::ranges::find(input.dims, dim) != input.dims.end()) return;
  }
  refuse(fmt::format("--grow: no dim of an input is called \"{}\"", dim));
}

}  // namespace

void add_run_options(CLI::App& command, RunOptions& options) {
  command
      .add_option("--state", options.states,
                  "INPUT=OUTPUT: this output is that input of the next run; a * stands for the same text in both")
      ->allow_extra_args(false);
  command.add_option("--grow", options.growth, "DIM=N: larger by N in every run, up to 32 times, then as --dim says")
      ->allow_extra_args(false);
}

LoadOptions load_options(const CommonOptions& common, const RunOptions& options) {
  LoadOptions load = load_options(common);
  for (const auto& [dim, step] : parse_dims(options.growth)) {
    if (load.dims.erase(dim) == 0) refuse(fmt::format("--grow wants to know where it begins: --dim {}=N", dim));
  }
  return load;
}

RunInputs::RunInputs(const Model& model, const CommonOptions& common, const GivenInputs& given,
                     const RunOptions& options) {
  for (const std::string& text : options.states) find_states(model, text);
  const auto dims = parse_dims(common.dims), growth = parse_dims(options.growth);
  for (const auto& [dim, step] : growth) require_dim(model, dim);
  for (size_t run = 0; run < (growth.empty() ? 1 : kRuns); ++run) {
    CommonOptions grown = common;
    grown.quiet = common.quiet || run > 0;
    grown.dims.clear();
    for (auto [name, value] : dims) {
      if (const auto step = growth.find(name); step != growth.end()) value += step->second * static_cast<int64_t>(run);
      grown.dims.push_back(fmt::format("{}={}", name, value));
    }
    sets_.push_back(make_inputs(model, grown, given));
  }
  for (ModelInputs& set : sets_) {
    for (size_t i = 0; i < set.names.size(); ++i) {  // what does not grow is in memory once
      if (set.values[i].str() == first().values[i].str()) set.values[i] = first().values[i];
    }
  }
  for (const ModelInputs& set : sets_) {
    given_.emplace_back();
    for (const NamedInput& input : set.named()) {
      if (!is_state(input.name)) given_.back().push_back(input);
    }
  }
}

void RunInputs::find_states(const Model& model, const std::string& text) {
  const size_t sign = text.find('=');
  if (sign == std::string::npos) refuse(fmt::format("--state wants INPUT=OUTPUT, not \"{}\"", text));
  const auto outputs = model.outputs();
  const size_t before = states_.size();
  for (const ValueInfo& input : model.inputs()) {
    const auto middle = match(text.substr(0, sign), input.name);
    if (!middle) continue;
    const std::string output = with_star(text.substr(sign + 1), *middle);
    if (std::ranges::find(outputs, output, &ValueInfo::name) == outputs.end()) {
      refuse(fmt::format("--state \"{}\": no output is called \"{}\"", text, output));
    }
    states_.push_back({input.name, output});
  }
  if (states_.size() == before) refuse(fmt::format("--state \"{}\": no input is called so", text));
}

bool RunInputs::is_state(std::string_view input) const {
  return std::ranges::find(states_, input, &State::input) != states_.end();
}

void RunInputs::tie_states(Session& session) const {
  for (const State& state : states_) session.state(state.input, state.output);
}

std::span<const NamedInput> RunInputs::next(Session& session) {
  const size_t at = run_ % sets_.size();
  const bool starts = run_++ == 0 || (at == 0 && sets_.size() > 1);
  for (size_t i = 0; starts && i < first().names.size(); ++i) {
    if (is_state(first().names[i])) session.set_state(first().names[i], first().values[i].tensor);
  }
  return given_[at];
}

}  // namespace mica::tools
