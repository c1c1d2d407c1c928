// Convolutions by oneDNN, weights in the format that it likes best. Images come and go with rows of adjacent elements,
// as ONNX has them, or with their channels last: where oneDNN likes another format, changing it is part of the time.
#include "kernels/conv/channels_last.h"
#include "tools/kernels/peers/onednn/memory.h"

namespace mica::tools {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

KernelPeer::Run prepare(const KernelProblem& problem) {
  const Tensor &x = problem.inputs[0], &w = problem.inputs[1];
  const int64_t groups = std::get<int64_t>(problem.attributes.at("group"));
  const int64_t stride = std::get<std::vector<int64_t>>(problem.attributes.at("strides"))[0];
  const int64_t pad = std::get<std::vector<int64_t>>(problem.attributes.at("pads"))[0];
  const int64_t filters = w.shape()[0], kernel = w.shape()[2];
  const bool last = problem.attributes.contains("channels_last");
  const Shape image = last ? channels_first(x.shape()) : x.shape();
  const Tag layout = last ? Tag::nhwc : Tag::nchw;
  const auto extent = [&](size_t axis) { return (image[axis] + 2 * pad - kernel) / stride + 1; };
  const memory::dims from{image[0], image[1], image[2], image[3]};
  const memory::dims to{image[0], filters, extent(2), extent(3)};
  const memory::dims taps{groups, filters / groups, w.shape()[1], kernel, kernel};
  constexpr auto kFloat = memory::data_type::f32;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto any = [&](const memory::dims& dims) { return memory::desc(dims, kFloat, Tag::any); };
  const dnnl::convolution_forward::primitive_desc desc(
      {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto, any(from), any(taps), any(to),
       memory::dims{stride, stride}, memory::dims{pad, pad}, memory::dims{pad, pad}},
      engine);
  const memory given = onednn_memory(engine, {from, kFloat, layout}, x);
  const memory weights =
      onednn_packed(stream, onednn_memory(engine, {taps, kFloat, Tag::goihw}, w), desc.weights_desc());
  return [=, primitive = dnnl::convolution_forward(desc)](ThreadPool& threads, Tensor& y) mutable {
    onednn_use(threads);
    const memory source = onednn_packed(stream, given, desc.src_desc());
    memory wanted = onednn_memory(engine, {to, kFloat, layout}, y);
    const bool direct = wanted.get_desc() == desc.dst_desc();
    memory result = direct ? wanted : memory(desc.dst_desc(), engine);
    primitive.execute(stream, {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, result}});
    if (!direct) dnnl::reorder(result, wanted).execute(stream, result, wanted);
    stream.wait();
  };
}

}  // namespace

KernelPeer kernel_peer_conv_onednn() {
  return {"oneDNN", types::f32, prepare};
}

}  // namespace mica::tools
