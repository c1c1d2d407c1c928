#include "tools/optimize_verify.h"

#include <fmt/core.h>

#include <algorithm>

#include "graph/onnx/export.h"
#include "tools/traced_run.h"

namespace mica::tools {
namespace {

// Through the file's bytes, so that what is written is what is run.
Model as_written(const GraphModel& model, bool optimize = false) {
  const std::string bytes = onnx::export_model(model);
  LoadOptions load;
  load.optimize = optimize;
  return Model::from_bytes(std::as_bytes(std::span(bytes)), load);
}

std::vector<Datum> run(const Model& model, const ModelInputs& inputs, const CommonOptions& options) {
  Session session = compile_model(model, options);
  const Outputs& outputs = session.run(inputs.named());
  std::vector<Datum> values;
  for (size_t i = 0; i < outputs.size(); ++i) values.push_back(deep_copy(outputs.datum(i)));
  return values;
}

// Results of 16 bits differ by what other orders of rounding make of them.
Tolerance widened(const Tolerance& tolerance, const Datum& value) {
  const DType dtype = value.tensor.dtype();
  if (!value.is_tensor() || (dtype != DType::F16 && dtype != DType::BF16)) return tolerance;
  const double epsilon = dtype == DType::F16 ? 0x1p-11 : 0x1p-8;
  return {std::max(tolerance.rtol, 16 * epsilon), std::max(tolerance.atol, 16 * epsilon)};
}

}  // namespace

ReferenceRun::ReferenceRun(const GraphModel& model, const CommonOptions& options) : options_(options) {
  options_.dims.clear();  // the model has them already
  options_.shapes.clear();
  options_.quiet = true;
  const Model reference = as_written(model);
  const auto take = [&](const Model& guide) {
    inputs_ = make_inputs(guide, options_);
    expected_ = run(reference, inputs_, options_);
  };
  try {
    take(reference);
  } catch (const Error&) {
    take(as_written(model, true));  // simpler, it tells more of what the inputs may be
  }
}

std::string ReferenceRun::difference(const GraphModel& other, const Tolerance& tolerance) const {
  try {
    const Model model = as_written(other);
    const std::vector<Datum> actual = run(model, inputs_, options_);
    for (size_t i = 0; i < expected_.size(); ++i) {
      const std::string text = compare(expected_[i], actual[i], widened(tolerance, expected_[i]));
      if (!text.empty()) return fmt::format("output \"{}\": {}", model.outputs()[i].name, text);
    }
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

NameSet find_culprits(const NameSet& names, const std::function<bool(const NameSet& left_out)>& is_right) {
  NameSet left_out = names;
  for (const std::string& name : names) {
    NameSet fewer = left_out;
    fewer.erase(name);
    if (is_right(fewer)) left_out = std::move(fewer);
  }
  return left_out;
}

}  // namespace mica::tools
