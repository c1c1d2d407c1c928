// The inputs of many runs in a row, of which some follow from the runs before: a decoder, token by token.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "tools/inputs/model_inputs.h"

namespace mica::tools {

struct RunOptions {
  std::vector<std::string> states;  ///< "past.*=present.*"
  std::vector<std::string> growth;  ///< "past=1"
};

/// --state INPUT=OUTPUT and --grow DIM=N, any number of times.
void add_run_options(CLI::App& command, RunOptions& options);

/// What Model::load is to do when dims grow: these stay symbols.
LoadOptions load_options(const CommonOptions& common, const RunOptions& options);

/// Inputs for run after run. Dims that grow start over after kRuns runs, and states with them.
class RunInputs {
 public:
  static constexpr size_t kRuns = 32;

  /// Values as make_inputs makes them, before anything has grown. Throws InvalidArgument for names that the model does
  /// not have, and for a dim that grows from nowhere.
  RunInputs(const Model& model, const CommonOptions& common, const GivenInputs& given, const RunOptions& options);

  /// Of the first run, states included.
  const ModelInputs& first() const { return sets_.front(); }
  /// From now on, as all are bound to memory; not where dims grow.
  void give_none() { given_.front().clear(); }

  /// Session::state for each.
  void tie_states(Session& session) const;
  /// Those of the next run. Sets the session's states where they start over.
  std::span<const NamedInput> next(Session& session);

 private:
  struct State {
    std::string input, output;
  };

  void find_states(const Model& model, const std::string& text);
  bool is_state(std::string_view input) const;

  std::vector<State> states_;
  std::vector<ModelInputs> sets_;
  std::vector<std::vector<NamedInput>> given_;  ///< of each set, what is no state
  size_t run_ = 0;
};

}  // namespace mica::tools
