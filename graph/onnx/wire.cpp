#include "graph/onnx/wire.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message_lite.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>

#include "runtime/base/error.h"

namespace mica::onnx {
namespace {

// What becomes of a field; those that are not listed are copied.
enum class Action { Copy, Enter, Drop, Cut };

struct Rule {
  Message message;
  uint32_t field;
  Action action;
  Message inner = Message::Other;
};

// Field numbers: onnx.proto and, for what is dropped, the ONNX schema.
constexpr Rule kRules[] = {
    {Message::Model, 7, Action::Enter, Message::Graph},
    {Message::Model, 20, Action::Drop},  // training_info
    {Message::Model, 25, Action::Enter, Message::Function},
    {Message::Model, 26, Action::Drop},  // configuration
    {Message::Graph, 1, Action::Enter, Message::Node},
    {Message::Graph, 5, Action::Enter, Message::Tensor},
    {Message::Graph, 15, Action::Enter, Message::SparseTensor},
    {Message::Graph, 16, Action::Drop},  // metadata_props
    {Message::Function, 7, Action::Enter, Message::Node},
    {Message::Function, 8, Action::Drop},  // doc_string
    {Message::Function, 11, Action::Enter, Message::Attribute},
    {Message::Function, 14, Action::Drop},  // metadata_props
    {Message::Node, 5, Action::Enter, Message::Attribute},
    {Message::Node, 6, Action::Drop},   // doc_string
    {Message::Node, 9, Action::Drop},   // metadata_props
    {Message::Node, 10, Action::Drop},  // device_configurations
    {Message::Attribute, 5, Action::Enter, Message::Tensor},
    {Message::Attribute, 6, Action::Enter, Message::Graph},
    {Message::Attribute, 10, Action::Enter, Message::Tensor},
    {Message::Attribute, 11, Action::Enter, Message::Graph},
    {Message::Attribute, 13, Action::Drop},  // doc_string
    {Message::Attribute, 22, Action::Enter, Message::SparseTensor},
    {Message::Attribute, 23, Action::Enter, Message::SparseTensor},
    {Message::Tensor, 9, Action::Cut},
    {Message::Tensor, 12, Action::Drop},    // doc_string
    {Message::Tensor, 16, Action::Drop},    // metadata_props
    {Message::Tensor, 1001, Action::Drop},  // ours: never taken from a file
    {Message::Tensor, 1002, Action::Drop},
    {Message::SparseTensor, 1, Action::Enter, Message::Tensor},
    {Message::SparseTensor, 2, Action::Enter, Message::Tensor},
    {Message::Sequence, 3, Action::Enter, Message::Tensor},
    {Message::Sequence, 4, Action::Enter, Message::SparseTensor},
    {Message::Sequence, 5, Action::Enter, Message::Sequence},
    {Message::Sequence, 6, Action::Enter, Message::Map},
    {Message::Sequence, 7, Action::Enter, Message::Optional},
    {Message::Map, 5, Action::Enter, Message::Sequence},
    {Message::Optional, 3, Action::Enter, Message::Tensor},
    {Message::Optional, 4, Action::Enter, Message::SparseTensor},
    {Message::Optional, 5, Action::Enter, Message::Sequence},
    {Message::Optional, 6, Action::Enter, Message::Map},
    {Message::Optional, 7, Action::Enter, Message::Optional},
};

static_assert(std::ranges::is_sorted(kRules, {}, &Rule::message));

// Where the rules of a message begin.
constexpr auto kFirst = [] {
  std::array<size_t, static_cast<size_t>(Message::Other) + 2> first{};
  for (size_t i = 0; i < first.size(); ++i) {
    first[i] =
        static_cast<size_t>(std::ranges::lower_bound(kRules, static_cast<Message>(i), {}, &Rule::message) - kRules);
  }
  return first;
}();

Rule rule_for(Message message, uint32_t field) {
  const size_t first = kFirst[static_cast<size_t>(message)], end = kFirst[static_cast<size_t>(message) + 1];
  for (size_t i = first; i < end; ++i) {
    if (kRules[i].field == field) return kRules[i];
  }
  return {message, field, Action::Copy};
}

constexpr uint32_t kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;
constexpr uint32_t kRawOffset = 1001, kRawSize = 1002;
constexpr size_t kLengthBytes = 5;  // enough for 2^31, padded: its value is known only at the end
constexpr size_t kMaxSkeleton = INT_MAX;

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

class Walker {
 public:
  Walker(std::span<const std::byte> bytes, std::string& out) : bytes_(bytes), out_(out) {}

  // Copies the fields of the message in bytes [at_, end).
  void copy(Message kind, size_t end, int depth) {
    if (depth > kMaxNesting) fail("messages are nested deeper than " + std::to_string(kMaxNesting));
    while (at_ < end) {
      const size_t begin = at_;
      const uint64_t tag = varint(end);
      const uint32_t type = tag & 7;
      if (tag >> 3 == 0 || tag >> 32 != 0) fail("bad field number");
      const Rule rule = rule_for(kind, static_cast<uint32_t>(tag >> 3));
      const size_t length = payload(type, end);
      if (type == kBytes && rule.action == Action::Enter) {
        append_varint(out_, tag);
        const size_t patch = out_.size();
        out_.append(kLengthBytes, '\0');
        copy(rule.inner, at_ + length, depth + 1);
        write_length(patch);
      } else if (type == kBytes && rule.action == Action::Cut) {
        append_varint(out_, uint64_t{kRawOffset} << 3 | kVarint);
        append_varint(out_, at_);
        append_varint(out_, uint64_t{kRawSize} << 3 | kVarint);
        append_varint(out_, length);
        at_ += length;
      } else {
        at_ += length;
        if (rule.action == Action::Drop) continue;
        if (out_.size() + (at_ - begin) > kMaxSkeleton) fail("more than 2 GB besides the raw data of tensors");
        out_.append(reinterpret_cast<const char*>(bytes_.data()) + begin, at_ - begin);
      }
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::InvalidModel, "not a well-formed file: " + what + " (at byte " + std::to_string(at_) + ")");
  }

  uint64_t varint(size_t end) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end) fail("it ends within a number");
      const uint64_t byte = static_cast<uint64_t>(bytes_[at_++]);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    fail("a number is too long");
  }

  // Moves to the payload of a field and returns the bytes it takes; a varint's are behind already.
  size_t payload(uint32_t type, size_t end) {
    uint64_t length = 0;
    switch (type) {
      case kVarint:
        varint(end);
        break;
      case kFixed64:
        length = 8;
        break;
      case kFixed32:
        length = 4;
        break;
      case kBytes:
        length = varint(end);
        break;
      default:
        fail("unknown wire type " + std::to_string(type));
    }
    if (length > end - at_) fail("a field is longer than what contains it");
    return static_cast<size_t>(length);
  }

  void write_length(size_t patch) {
    if (out_.size() > kMaxSkeleton) fail("more than 2 GB besides the raw data of tensors");
    const size_t length = out_.size() - patch - kLengthBytes;
    for (size_t i = 0; i < kLengthBytes; ++i) {
      out_[patch + i] = static_cast<char>((length >> (7 * i) & 0x7f) | (i + 1 < kLengthBytes ? 0x80 : 0));
    }
  }

  std::span<const std::byte> bytes_;
  std::string& out_;
  size_t at_ = 0;
};

}  // namespace

std::string skeleton(std::span<const std::byte> bytes, Message kind) {
  std::string out;
  out.reserve(std::min(bytes.size(), size_t{64} << 10));
  Walker(bytes, out).copy(kind, bytes.size(), 0);
  return out;
}

void parse(std::span<const std::byte> bytes, Message kind, google::protobuf::MessageLite& message) {
  const std::string text = skeleton(bytes, kind);
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(text.data()),
                                                static_cast<int>(text.size()));
  stream.SetRecursionLimit(kMaxNesting + 50);
  if (!message.ParsePartialFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    throw Error(ErrorCode::InvalidModel, "not a well-formed file: it does not match the ONNX schema");
  }
}

}  // namespace mica::onnx
