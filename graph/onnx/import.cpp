#include "graph/onnx/import.h"

#include <new>
#include <utility>

#include "graph/onnx/importer.h"
#include "graph/onnx/wire.h"
#include "runtime/base/error.h"
#include "runtime/base/os.h"

namespace mica::onnx {
namespace {

constexpr int64_t kFirstIrVersion = 3, kLastIrVersion = 13;

GraphModel import_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const OpTable& operators,
                        const std::string& path, const MappedFile* mapping, std::vector<std::string>* weight_files) {
  try {
    google::protobuf::Arena memory;  // of all messages, let go at once
    auto& proto = *google::protobuf::Arena::CreateMessage<proto::ModelProto>(&memory);
    parse(bytes, Message::Model, proto);
    TensorReader tensors(bytes, std::move(owner), path, mapping);
    GraphModel model;
    model.origin = path;
    Importer(proto, tensors, operators, model).run();
    if (weight_files != nullptr) *weight_files = tensors.external_paths();
    return model;
  } catch (const Error& error) {
    if (path.empty()) throw;
    throw error.within("model \"" + path + "\"");
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::OutOfMemory, "no memory to load the model " + path);
  }
}

}  // namespace

std::string canonical_domain(const std::string& domain) {
  return domain == "ai.onnx" ? "" : domain;
}

Opsets read_opsets(const google::protobuf::RepeatedPtrField<proto::OperatorSetIdProto>& imports) {
  Opsets opsets;
  for (const auto& import : imports) opsets[canonical_domain(import.domain())] = import.version();
  return opsets;
}

Importer::Importer(const proto::ModelProto& proto, TensorReader& tensors, const OpTable& operators, GraphModel& model)
    : proto_(proto), tensors_(tensors), operators_(operators), model_(model) {}

void Importer::note_once(const std::string& note) {
  if (notes_.insert(note).second) model_.notes.push_back(note);
}

void Importer::run() {
  if (!proto_.has_graph()) throw Error(ErrorCode::InvalidModel, "not an ONNX model: it has no graph");
  model_.ir_version = proto_.ir_version();
  if (model_.ir_version < kFirstIrVersion || model_.ir_version > kLastIrVersion) {
    note_once("IR version " + std::to_string(model_.ir_version) + " is not one of " + std::to_string(kFirstIrVersion) +
              " to " + std::to_string(kLastIrVersion));
  }
  model_.opsets = read_opsets(proto_.opset_import());
  model_.producer = proto_.producer_name();
  if (!proto_.producer_version().empty()) model_.producer += " " + proto_.producer_version();
  model_.doc = proto_.doc_string();
  for (const auto& entry : proto_.metadata_props()) model_.metadata[entry.key()] = entry.value();

  read_functions();
  model_.graph = std::make_unique<Graph>();
  Frame frame{*model_.graph, nullptr, {}, {}};
  Scope scope{.frame = frame, .names = {}};
  fill(proto_.graph(), scope);
}

GraphModel import_model(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const OpTable& operators,
                        const std::string& path) {
  return import_bytes(bytes, std::move(owner), operators, path, nullptr, nullptr);
}

GraphModel import_model(const std::string& path, const OpTable& operators, std::vector<std::string>* weight_files) {
  const auto file = std::make_shared<const MappedFile>(MappedFile::open(path));
  return import_bytes(file->bytes(), file, operators, path, file.get(), weight_files);
}

}  // namespace mica::onnx
