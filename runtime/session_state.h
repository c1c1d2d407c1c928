// What a session keeps; shared by session.cpp and model.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "runtime/executor.h"
#include "runtime/mica.h"

namespace mica {

inline constexpr size_t kUntied = SIZE_MAX;

struct Session::State {
  State(std::shared_ptr<const Plan> plan, int threads);

  const Datum& state_of(size_t input);
  size_t tied_input(std::string_view name) const;
  Tensor empty_state(size_t input) const;
  int64_t symbol_value(uint32_t symbol) const;

  std::shared_ptr<const Plan> plan;
  ThreadPool pool;
  std::vector<Datum> bound;  ///< for each input: on the session's device, which the executor waits for when it goes;
                             ///< undefined where it is given
  Executor executor;
  std::vector<std::string> input_names;
  std::shared_ptr<const std::vector<std::string>> names;  ///< of the outputs
  std::vector<const Datum*> inputs;                       ///< of the run at hand
  std::vector<size_t> tied_to;                            ///< for each input: the output it takes over, or kUntied
  std::vector<bool> is_set;                               ///< a tied input has a value for the next run
  std::vector<Datum> kept;                                ///< values of tied inputs that the executor does not keep
  std::vector<bool> is_bound;                             ///< for each output: likewise
  Outputs outputs;
};

/// The position of a name. Throws InvalidArgument, with a suggestion.
size_t find_name(const std::vector<std::string>& names, std::string_view name, std::string_view what);

}  // namespace mica
