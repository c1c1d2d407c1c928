// The inputs of a run from the command line: files, given shapes, and random values for the rest.
#pragma once

#include <CLI/App.hpp>
#include <map>
#include <string>
#include <vector>

#include "runtime/mica.h"
#include "tools/options.h"

namespace mica::tools {

/// A value for each of a model's inputs, in the model's order.
struct ModelInputs {
  std::vector<std::string> names;
  std::vector<Datum> values;

  std::vector<NamedInput> named() const;
};

/// Values by name of the input.
using GivenInputs = std::map<std::string, Datum, std::less<>>;

/// --input NAME=FILE, any number of times.
void add_input_option(CLI::App& command, std::vector<std::string>& files);
/// Reads them for the model's inputs. Throws Error for a name that is none of them.
GivenInputs read_inputs(const Model& model, const std::vector<std::string>& files);

/// What is given, and for other inputs random values that make sense: see valid_values.h and dim_choice.h. Says on
/// stderr which dims it had to choose. Throws InvalidArgument where shapes contradict each other or the model, or a
/// value cannot be made up.
ModelInputs make_inputs(const Model& model, const CommonOptions& options, const GivenInputs& given = {});

}  // namespace mica::tools
