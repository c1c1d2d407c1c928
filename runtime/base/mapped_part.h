// Parts of mapped files, that tensors are views of.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "runtime/base/os.h"
#include "runtime/base/tensor.h"

namespace mica {

/// What keeps a mapped file alive for the sake of a part of it. When nobody wants the part any more, its pages leave
/// memory at once, not only when all of the file does.
struct MappedPart {
  std::span<const std::byte> bytes;
  const MappedFile* file;
  std::shared_ptr<const void> owner;  ///< keeps `file` alive

  /// Of `bytes`, as the owner of a tensor.
  static std::shared_ptr<const void> hold(std::span<const std::byte> bytes, const MappedFile& file,
                                          std::shared_ptr<const void> owner);
  /// The part that owns the elements of a tensor; null where something else does.
  static const MappedPart* of(const Tensor& tensor);

  /// Says that it is not needed soon: see MappedFile::release.
  void release() const { file->release(bytes); }
  void operator()(const void*) const { release(); }  ///< as a deleter
};

}  // namespace mica
