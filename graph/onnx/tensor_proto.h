// Tensors of ONNX files, as views into the file wherever that is possible.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "graph/onnx/external_data.h"
#include "graph/onnx/onnx.pb.h"
#include "runtime/base/tensor.h"

namespace mica::onnx {

/// Makes tensors of the TensorProtos of one file.
///
/// Raw data, in the file or outside it, stays where it is; it is copied only where it is not aligned for its element
/// type or is boolean with bytes other than 0 and 1. Large tensors of floats in mapped files stay even where they are
/// not aligned: see runtime/base/unaligned.h. Data in typed fields is copied. Every tensor's dims times its element
/// size must equal the size of its data, which is checked before memory is taken.
class TensorReader {
 public:
  /// `bytes` is the file that was given to `parse`; `owner` keeps it alive (null: the caller does, as long as any
  /// tensor lives). `model_path` is where external data is looked for; empty: there is none. `mapping`, where `bytes`
  /// is one, is told of what was copied and is not needed any more; it must outlive this.
  TensorReader(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string model_path = {},
               const MappedFile* mapping = nullptr);

  /// Throws InvalidModel. The same proto, by address, gives the same tensor.
  Tensor read(const proto::TensorProto& tensor);
  /// Made dense.
  Tensor read(const proto::SparseTensorProto& sparse);

  /// Files beside the model that tensors were read from.
  const std::vector<std::string>& external_paths() const { return external_.paths(); }

 private:
  Tensor decode(const proto::TensorProto& tensor);
  Tensor raw(DType dtype, const Shape& shape, std::span<const std::byte> data, std::shared_ptr<const void> owner,
             const MappedFile* mapping);
  Tensor external(const proto::TensorProto& tensor, DType dtype, const Shape& shape, size_t size);
  void take(size_t bytes);

  // Sparse tensors and copies of external data can be far larger than the files: they may take this much, plus a
  // multiple of the file.
  static constexpr size_t kFreeBytes = size_t{256} << 20;

  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  const MappedFile* mapping_;
  ExternalData external_;
  std::unordered_map<const void*, Tensor> read_;
  size_t taken_ = 0;
};

/// A serialised TensorProto with the elements as raw data (strings as such).
std::string write_tensor_proto(const Tensor& tensor, std::string_view name);
/// The same into a message.
void write_tensor(const Tensor& tensor, std::string_view name, proto::TensorProto& proto);
/// All of it but the elements.
void write_tensor_type(const Tensor& tensor, std::string_view name, proto::TensorProto& proto);

}  // namespace mica::onnx
