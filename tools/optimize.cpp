// mica optimize: simplifies a model for this runtime or any other, and cuts, renames and strips it on request.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "graph/edit.h"
#include "graph/extract.h"
#include "graph/half_storage.h"
#include "graph/inference.h"
#include "graph/lookup.h"
#include "graph/onnx/export.h"
#include "graph/onnx/import.h"
#include "graph/opsets.h"
#include "graph/pipeline.h"
#include "kernels/op.h"
#include "runtime/evaluator.h"
#include "tools/command.h"
#include "tools/inputs/input_shapes.h"
#include "tools/optimize_report.h"
#include "tools/optimize_verify.h"
#include "tools/report/write_report.h"

namespace mica::tools {
namespace {

namespace fs = std::filesystem;

struct Options {
  CommonOptions common;
  std::string model, output, target = "portable", external_data;
  std::vector<std::string> explain, inputs, outputs, rename;
  std::optional<int64_t> opset;
  ReportFiles files;
  Tolerance tolerance{1e-3, 1e-4};
  bool verify = false, strip = false, fp16 = false, bf16 = false;
};

struct Optimized {
  GraphModel model;
  Notes notes;
};

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

// The output may take the place of the model itself, but not that of weights which the model needs.
void check_paths(const Options& options, const std::vector<std::string>& weight_files) {
  const std::string& name = options.external_data;
  if (!name.empty() && (options.output.empty() || fs::path(name).filename() != fs::path(name))) {
    throw Error(ErrorCode::InvalidArgument,
                options.output.empty() ? "--external-data wants -o too"
                                       : "--external-data wants the name of a file in the folder of the output");
  }
  check_report_files(options.files);
  for (const std::string& told : {options.files.report, options.files.dot}) {
    const auto is_told = [&](const std::string& path) { return is_same_file(told, path); };
    if (is_told(options.model) || std::ranges::any_of(weight_files, is_told)) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\" is the model itself", told));
    }
  }
  if (options.output.empty()) return;
  const std::string data =
      name.empty() ? options.output + ".data" : (fs::path(options.output).parent_path() / name).string();
  const bool takes_its_place = is_same_file(options.output, options.model);
  if (!takes_its_place && is_same_file(data, options.model)) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\" is the model itself", data));
  }
  for (const std::string& weights : weight_files) {
    if (is_same_file(options.output, weights) || (!takes_its_place && is_same_file(data, weights))) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\" has weights of the model", weights));
    }
  }
}

void rename_values(Graph& graph, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const size_t sign = text.find('=');
    if (sign == std::string::npos || sign == 0 || sign + 1 == text.size()) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("--rename wants OLD=NEW, not \"{}\"", text));
    }
    const std::string wanted = text.substr(sign + 1);
    const ValueId id = value_named(graph, text.substr(0, sign));
    if (graph.find_value(wanted)) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("there is a value called \"{}\" already", wanted));
    }
    graph.rename(id, wanted);
  }
}

// What is there for people only.
void strip(GraphModel& model) {
  model.doc.clear();
  model.metadata.clear();
  model.producer.clear();
  for_each_graph(*model.graph, [](Graph& graph) {
    for (uint32_t i = 0; i < graph.node_count(); ++i) graph.node(NodeId{i}).name.clear();
  });
}

// The model before anything is done to it.
struct Original {
  OptimizeReport& report;
  Drawing drawing;  ///< where one is wanted
};

// Tells of the model, on a copy of which types are inferred as far as they can be.
void describe(const Options& options, const GraphModel& model, std::vector<std::string> files, Original& original) {
  GraphModel typed;
  typed.graph = model.graph->clone();
  try {
    infer_types(*typed.graph);
  } catch (const Error&) {  // the optimiser says so
  }
  files.push_back(options.model);
  original.report.before = figures_of(typed, files);
  original.report.import_notes = model.notes;
  if (options.files.want_drawings()) original.drawing = draw(*typed.graph);
}

// The model with all that was asked of it but optimising. Tells of it in `original`, where given.
GraphModel prepare(const Options& options, SymbolValues& dims, Original* original = nullptr) {
  std::vector<std::string> files;
  GraphModel model = onnx::import_model(options.model, operators(), &files);
  if (original != nullptr) {
    check_paths(options, files);
    for (const std::string& text : model.notes) note(options.common, text);
  }
  Graph& graph = *model.graph;
  dims = parse_dims(options.common.dims);
  check_dim_names(graph, dims);
  fix_input_dims(graph, dims);
  dims.merge(fix_input_shapes(graph, parse_shapes(options.common.shapes)));
  if (original != nullptr) describe(options, model, std::move(files), *original);
  if (!options.inputs.empty() || !options.outputs.empty()) {
    infer_types(graph);
    extract(graph, options.inputs, options.outputs);
  }
  rename_values(graph, options.rename);
  if (options.strip) strip(model);
  if (options.opset) raise_opset(model, *options.opset, operators());
  return model;
}

// An output has the dims that the model declared where inference, as through an If, finds none: the standard wants
// some.
void keep_declared_dims(const std::vector<ValueType>& declared, const SymbolValues& dims, Graph& graph) {
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    ValueType& type = graph.value(graph.outputs[i]).type;
    if (!type.is_tensor() || type.dims || !declared[i].is_tensor() || !declared[i].dims) continue;
    type.dims = declared[i].dims;
    for (Dim& dim : *type.dims) dim = substitute(dim, dims);
  }
}

Optimized optimized(const Options& options, const NameSet& left_out, Original* original = nullptr) {
  PipelineOptions pipeline;
  pipeline.target = options.target == "mica" ? Target::Mica : Target::Portable;
  pipeline.without.insert(options.common.without.begin(), options.common.without.end());
  pipeline.without.insert(left_out.begin(), left_out.end());
  pipeline.verify = options.verify;
  pipeline.times = true;
  GraphModel prepared = prepare(options, pipeline.dims, original);
  std::vector<ValueType> declared;
  for (const ValueId id : prepared.graph->outputs) declared.push_back(prepared.graph->value(id).type);
  const auto make = [&] { return prepared.graph ? std::move(prepared) : prepare(options, pipeline.dims); };
  Optimized result;
  result.model = optimize(make, operators(), make_evaluator(), pipeline, result.notes);
  keep_declared_dims(declared, pipeline.dims, *result.model.graph);
  if (pipeline.target == Target::Mica) unify_opsets(result.model, operators());
  return result;
}

NameSet applied(const Notes& notes) {
  NameSet names;
  for (const auto& [name, total] : notes.totals()) {
    if (total.applied > 0) names.insert(name);
  }
  return names;
}

// Compares results before and after, and where they differ leaves out what is to blame.
void verify_results(const Options& options, Optimized& result, OptimizeReport& report) {
  SymbolValues dims;
  const ReferenceRun reference(prepare(options, dims), options.common);
  const auto difference = [&](const GraphModel& model) { return reference.difference(model, options.tolerance); };
  const std::string first = difference(result.model);
  if (!first.empty()) {
    const auto is_right = [&](const NameSet& names) { return difference(optimized(options, names).model).empty(); };
    const NameSet suspects = applied(result.notes);
    if (!is_right(suspects)) throw Error(ErrorCode::Internal, "the result differs without any rule too: " + first);
    const NameSet culprits = find_culprits(suspects, is_right);
    for (const std::string& name : culprits) {
      note(options.common, fmt::format("{} changed the results and was left out: {}", name, first));
    }
    result = optimized(options, culprits);
    report.left_out.assign(culprits.begin(), culprits.end());
  }
  report.verified = fmt::format("verified: {} output{} on random inputs the same as before", reference.outputs(),
                                reference.outputs() == 1 ? "" : "s");
}

void store_half(const Options& options, GraphModel& model, OptimizeReport& report) {
  const DType type = options.fp16 ? DType::F16 : DType::BF16;
  const HalfStorage storage = store_weights_as(model, type, operators());
  report.storage = fmt::format("stored as {}: {} float weight{}, {} less; {} small and {} unfit stay as they are",
                               name(type), storage.stored, storage.stored == 1 ? "" : "s",
                               format_bytes(storage.bytes_saved), storage.small, storage.kept.size());
  for (const auto& [weight, why] : storage.kept)
    note(options.common, fmt::format("\"{}\" stays float: {}", weight, why));
}

void write(const Options& options, GraphModel model, OptimizeReport& report) {
  if (options.output.empty()) return;
  if (options.external_data.empty()) {
    onnx::save_model(model, options.output);
  } else {
    onnx::save_model(model, options.output, 0, options.external_data);
  }
  model = {};  // only one of the two in memory
  std::vector<std::string> files;
  const GraphModel written = onnx::import_model(options.output, operators(), &files);
  files.push_back(options.output);
  const GraphFlops flops = report.after.flops;  // a file tells fewer types
  report.after = figures_of(written, files);
  report.after.flops = flops;
}

int run(const Options& options) {
  for (const std::string& name : options.explain) check_rule_name(name);
  OptimizeReport report;
  Original original{report, {}};
  Drawing after;
  Optimized result = optimized(options, {}, &original);
  if (options.verify) verify_results(options, result, report);
  for (const Notes::Note& remark : result.notes.all()) {
    if (remark.kind != Notes::Kind::Failed) continue;
    note(options.common, fmt::format("{} failed and was left out: {}", remark.by, remark.what));
  }
  if (options.fp16 || options.bf16) store_half(options, result.model, report);
  report.model = options.model;
  report.output = options.output;
  report.after = figures_of(result.model);
  report.notes = std::move(result.notes);
  report.explained = options.explain;
  if (options.files.want_drawings()) after = draw(*result.model.graph);
  write(options, std::move(result.model), report);
  write_report_files(options.files, report, std::move(original.drawing), std::move(after));
  if (options.common.json) {
    print_json(to_json(report));
  } else {
    print_text(report);
  }
  return kOk;
}

}  // namespace

void add_optimize(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("optimize", "Simplifies a model, for any engine, into a new file");
  add_model_argument(*command, options->model);
  command->add_option("-o,--output", options->output, "The file to write; without it, only what would be done is told");
  command->add_option("--target", options->target, "portable: operators of the model's opsets; mica: all of this build")
      ->check(CLI::IsMember({"portable", "mica"}))
      ->capture_default_str();
  command->add_option("--opset", options->opset, "Raise the model to this version of ai.onnx first");
  command->add_option("--explain", options->explain, "What this rule or pass did, and where it refused")
      ->allow_extra_args(false);
  command->add_flag("--verify", options->verify,
                    "Run both models on random inputs, and leave out the rules that change results");
  command->add_option("--rtol", options->tolerance.rtol, "Of --verify")->capture_default_str();
  command->add_option("--atol", options->tolerance.atol, "Of --verify")->capture_default_str();
  command->add_option("--outputs", options->outputs, "NAME,NAME: keep what these values need, and no more")
      ->delimiter(',');
  command->add_option("--inputs", options->inputs, "NAME,NAME: values that are given instead of computed")
      ->delimiter(',');
  command->add_option("--rename", options->rename, "OLD=NEW: another name for a value")->allow_extra_args(false);
  CLI::Option* fp16 = command->add_flag("--fp16", options->fp16,
                                        "Store float weights as float16, with a Cast back to float behind each");
  command->add_flag("--bf16", options->bf16, "The same as bfloat16")->excludes(fp16);
  command->add_flag("--strip", options->strip, "Leave out documentation, metadata, producer and names of nodes");
  command->add_option("--report", options->files.report,
                      "FILE.html or FILE.json: what was done, before and after; the page draws both graphs");
  command->add_option("--dot", options->files.dot, "FILE: the graph after, as Graphviz text");
  command->add_option("--external-data", options->external_data, "FILE: put large weights there, beside the output");
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
