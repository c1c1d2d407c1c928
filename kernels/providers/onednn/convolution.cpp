#include "kernels/providers/onednn/convolution.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "backends/cpu/thread_pool.h"
#include "kernels/conv/window_rows.h"
#include "kernels/matmul/gemm_plan.h"
#include "kernels/round_up.h"
#include "runtime/base/content_hash.h"
#include "runtime/base/unaligned.h"

namespace mica::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
constexpr auto kFloat = memory::data_type::f32;
constexpr size_t kMostBound = 4;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

// While it lives, OpenMP, which oneDNN asks how many threads there are, tells this thread: one.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

void reorder(const memory::desc& from, const void* given, const memory::desc& to, void* result) {
  const OneThread alone;
  dnnl::stream stream(engine());
  memory source(from, engine(), const_cast<void*>(given)), target(to, engine(), result);
  dnnl::reorder(source, target).execute(stream, source, target);
  stream.wait();
}

void append(dnnl::post_ops& operations, const LayerActivation& f) {
  using Activation = Epilogue::Activation;
  using dnnl::algorithm;
  const auto add = [&](algorithm function, float alpha = 0, float beta = 0) {
    operations.append_eltwise(1, function, alpha, beta);
  };
  switch (f.activation) {
    case Activation::None:
      return;
    case Activation::Relu:
      return add(algorithm::eltwise_relu);
    case Activation::Clip:
      return add(algorithm::eltwise_clip, f.low, f.high);
    case Activation::HardSwish:
      return add(algorithm::eltwise_hardswish);
    case Activation::Gelu:
      return add(algorithm::eltwise_gelu_erf);
    case Activation::GeluTanh:
      return add(algorithm::eltwise_gelu_tanh);
    case Activation::Silu:
      return add(algorithm::eltwise_swish, 1);
    case Activation::Tanh:
      return add(algorithm::eltwise_tanh);
    case Activation::Sigmoid:
      return add(algorithm::eltwise_logistic);
  }
}

// The lines of the input that outputs [begin, end) of an axis see, from `first` on, and the padding that they do.
struct Stretch {
  WindowAxis axis;
  int64_t first;

  Stretch(const WindowAxis& of, int64_t begin, int64_t end) : axis(of) {
    const int64_t start = of.start(begin), stop = of.start(end - 1) + (of.kernel - 1) * of.dilation + 1;
    first = std::clamp<int64_t>(start, 0, of.input);
    const int64_t last = std::clamp(stop, first, of.input);
    axis.input = last - first;
    axis.output = end - begin;
    axis.pad = first - start;
    axis.pad_end = stop - last;
  }
};

}  // namespace

// Part of a result that one primitive makes.
struct Convolution::Piece {
  int64_t images;
  WindowAxis lines, columns;
  int64_t x_position = 0, y_position = 0;  ///< of its first line, counted over all images
};

struct Convolution::Task {
  dnnl::convolution_forward primitive;
  memory x, weights, bias, y, scratch;
  dnnl::stream stream{engine()};
  int64_t x_element, y_element, y_elements;
  int64_t scratch_bytes;

  /// `scratchpad` has scratch_bytes bytes.
  void run(const FloatConv& conv, std::byte* scratchpad) {
    float* to = conv.y + y_element;
    if (conv.addend != nullptr && conv.addend != conv.y) std::copy_n(conv.addend + y_element, y_elements, to);
    x.set_data_handle(const_cast<float*>(conv.x) + x_element);
    y.set_data_handle(to);
    scratch.set_data_handle(scratchpad);
    if (conv.bias != nullptr) bias.set_data_handle(const_cast<float*>(conv.bias));
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, x.get()},
                                         {DNNL_ARG_WEIGHTS, weights.get()},
                                         {DNNL_ARG_DST, y.get()},
                                         {DNNL_ARG_SCRATCHPAD, scratch.get()},
                                         {DNNL_ARG_BIAS, conv.bias != nullptr ? bias.get() : nullptr}};
    const int count = conv.bias != nullptr ? 5 : 4;
    const bool done = dnnl_primitive_execute(primitive.get(), stream.get(), count, arguments) == dnnl_success &&
                      dnnl_stream_wait(stream.get()) == dnnl_success;
    if (!done) throw Error(ErrorCode::Internal, "oneDNN failed");
  }
};

// Primitives for some dims, with what they are handed: for one run at a time. None where oneDNN refuses.
struct Convolution::Bound {
  Key key;
  std::vector<Task> tasks;
};

Convolution::Convolution(const ConvLayer& op, const Tensor& w)
    : groups_(op.group),
      filters_(w.shape()[0] / op.group),
      channels_(w.shape()[1]),
      kernel_{w.shape().rank() == 4 ? w.shape()[2] : 1, w.shape().back()},
      activation_(op) {
  idle_.reserve(kMostBound + 1);
  const OneThread one;
  constexpr int64_t kOutputs = 56;
  const auto axis = [&](size_t i) {
    WindowAxis a{1, kOutputs, kernel_[i]};
    const size_t place = w.shape().rank() == 4 ? i : 0;
    if (place < op.strides.size()) a.stride = op.strides[place];
    if (place < op.dilations.size()) a.dilation = op.dilations[place];
    a.input = (kOutputs - 1) * a.stride + (a.kernel - 1) * a.dilation + 1;
    return a;
  };
  const WindowAxis lines = w.shape().rank() == 4 ? axis(0) : WindowAxis{};
  packed_desc_ = describe({1, lines, axis(1)}, false, false).weights_desc();
  plain_desc_ = memory::desc(weight_dims(), kFloat, groups_ > 1 ? Tag::goihw : Tag::oihw);
  const auto* version = dnnl_version();
  PackTask task;
  task.form = "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
              std::to_string(version->patch) + " " + version->hash + ", weights " +
              content_hash(std::as_bytes(std::span(&packed_desc_.data, 1))).str();
  task.bytes = packed_desc_.get_size();
  task.fill = [plain = plain_desc_, packed = packed_desc_](const Tensor& constant, std::byte* to, int64_t, int64_t) {
    const Tensor given = aligned(constant);
    reorder(plain, given.raw(), packed, to);
  };
  packed_ = pack(w, std::move(task));
}

Convolution::~Convolution() = default;

void Convolution::unpack(float* w) const {
  reorder(packed_desc_, packed_->data<std::byte>(), plain_desc_, w);
}

std::vector<Convolution::Piece> Convolution::pieces(const ConvGeometry& g, int threads) {
  const double work = 2.0 * static_cast<double>(g.batch * g.outputs() * g.filters * g.groups * g.channels * g.taps());
  const auto parts = static_cast<int64_t>(std::clamp<double>(work / kWorthACore, 1, threads));
  std::vector<Piece> list;
  // Calls add(begin, end) for stretches of [0, count).
  const auto split = [&](int64_t count, auto&& add) {
    const int64_t pieces = std::min(parts, count);
    for (int64_t i = 0; i < pieces; ++i) add(count * i / pieces, count * (i + 1) / pieces);
  };
  if (is_pointwise(g)) {
    split(g.batch * g.outputs(), [&](int64_t begin, int64_t end) {
      WindowAxis line;
      line.input = line.output = end - begin;
      list.push_back({1, {}, line, begin, begin});
    });
    return list;
  }
  const WindowAxis lines = g.rank == 1 ? WindowAxis{} : g.axes[0];
  WindowAxis columns = g.axes[g.rank - 1];
  columns.pad_end = columns.start(columns.output - 1) + (columns.kernel - 1) * columns.dilation + 1 - columns.input;
  if (g.batch >= parts && lines.output > 0) {
    const Stretch all(lines, 0, lines.output);
    const bool whole = all.axis.input == lines.input;
    split(whole ? g.batch : 0, [&](int64_t begin, int64_t end) {
      list.push_back({end - begin, all.axis, columns, begin * g.inputs(), begin * g.outputs()});
    });
    if (whole) return list;
  }
  for (int64_t image = 0; image < g.batch; ++image) {
    split(lines.output, [&](int64_t begin, int64_t end) {
      const Stretch part(lines, begin, end);
      list.push_back({1, part.axis, columns, image * g.inputs() + part.first * columns.input,
                      image * g.outputs() + begin * columns.output});
    });
  }
  return list;
}

memory::dims Convolution::weight_dims() const {
  memory::dims dims{filters_, channels_, kernel_[0], kernel_[1]};
  if (groups_ > 1) dims.insert(dims.begin(), groups_);
  return dims;
}

dnnl::convolution_forward::primitive_desc Convolution::describe(const Piece& piece, bool bias, bool addend) const {
  const WindowAxis &v = piece.lines, &h = piece.columns;
  const int64_t filters = groups_ * filters_;
  const memory::desc x({piece.images, groups_ * channels_, v.input, h.input}, kFloat, Tag::nhwc);
  const memory::desc y({piece.images, filters, v.output, h.output}, kFloat, Tag::nhwc);
  const memory::desc terms = bias ? memory::desc({filters}, kFloat, Tag::a) : memory::desc();
  dnnl::post_ops operations;
  if (addend) operations.append_sum(1);
  append(operations, activation_);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(operations);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return {
      {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, x,
       memory::desc(weight_dims(), kFloat, Tag::any), terms, y, memory::dims{v.stride, h.stride},
       memory::dims{v.dilation - 1, h.dilation - 1}, memory::dims{v.pad, h.pad}, memory::dims{v.pad_end, h.pad_end}},
      attributes,
      engine()};
}

std::unique_ptr<Convolution::Bound> Convolution::bind(const Key& key, const ConvGeometry& g, const FloatConv& conv,
                                                      int threads) const {
  auto bound = std::make_unique<Bound>();
  bound->key = key;
  const memory packed(packed_desc_, engine(), const_cast<std::byte*>(packed_->data<std::byte>()));
  memory other;  // weights in another format, where these dims want one
  for (const Piece& piece : pieces(g, threads)) {
    if (piece.lines.input == 0 || piece.columns.input == 0) {  // its windows see nothing
      bound->tasks.clear();
      return bound;
    }
    const auto desc = describe(piece, conv.bias != nullptr, conv.addend != nullptr);
    Task task;
    task.primitive = dnnl::convolution_forward(desc);
    task.x = memory(desc.src_desc(), engine(), nullptr);
    task.y = memory(desc.dst_desc(), engine(), nullptr);
    if (conv.bias != nullptr) task.bias = memory(desc.bias_desc(), engine(), nullptr);
    task.scratch = memory(desc.scratchpad_desc(), engine(), nullptr);
    task.weights = packed;
    if (desc.weights_desc() != packed_desc_) {
      if (!other || other.get_desc() != desc.weights_desc()) {
        other = memory(desc.weights_desc(), engine());
        reorder(packed_desc_, packed.get_data_handle(), desc.weights_desc(), other.get_data_handle());
      }
      task.weights = other;
    }
    task.x_element = piece.x_position * groups_ * channels_;
    task.y_element = piece.y_position * groups_ * filters_;
    task.y_elements = piece.images * piece.lines.output * piece.columns.output * groups_ * filters_;
    task.scratch_bytes = round_up(static_cast<int64_t>(desc.scratchpad_desc().get_size()), 64);
    bound->tasks.push_back(std::move(task));
  }
  return bound;
}

std::unique_ptr<Convolution::Bound> Convolution::take(const Key& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(idle_, [&](const auto& bound) { return bound->key == key; });
  if (found == idle_.end()) return nullptr;
  std::unique_ptr<Bound> bound = std::move(*found);
  idle_.erase(found);
  return bound;
}

void Convolution::give_back(std::unique_ptr<Bound> bound) const {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(bound));
  if (idle_.size() > kMostBound) idle_.erase(idle_.begin());
}

bool Convolution::run(const Operands& io, const ConvGeometry& g, const FloatConv& conv) const {
  const WindowAxis lines = g.rank == 1 ? WindowAxis{} : g.axes[0], columns = g.axes[g.rank - 1];
  const int threads = io.threads().threads();
  const Key key{g.batch,   lines.input, columns.input, lines.output,         columns.output,
                lines.pad, columns.pad, threads,       conv.bias != nullptr, conv.addend != nullptr};
  std::unique_ptr<Bound> bound = take(key);
  if (bound == nullptr) {
    const OneThread one;
    try {
      bound = bind(key, g, conv, threads);
    } catch (const dnnl::error&) {
      bound = std::make_unique<Bound>();
      bound->key = key;
    }
  }
  const auto count = static_cast<int64_t>(bound->tasks.size());
  if (count > 0) {
    int64_t bytes = 0;
    for (const Task& task : bound->tasks) bytes = std::max(bytes, task.scratch_bytes);
    std::byte* scratch = io.scratch<std::byte>(bytes * count);
    io.threads().parallel_for(count, 1, [&](int64_t begin, int64_t end) {
      const OneThread one;
      for (int64_t i = begin; i < end; ++i) {
        bound->tasks[static_cast<size_t>(i)].run(conv, scratch + i * bytes);
      }
    });
  }
  give_back(std::move(bound));
  return count > 0;
}

}  // namespace mica::onednn
