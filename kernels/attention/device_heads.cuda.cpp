#include "kernels/attention/device_heads.h"

#include <algorithm>
#include <string>

#include "backends/cuda/tensor_map.h"
#include "kernels/attention/warpgroup_attention_cuda.h"
#include "kernels/cuda/operand.h"

namespace mica {
namespace {

/// Puts rows where attention reads them.
class Arrangement {
 public:
  Arrangement(const DeviceOperands& io, const AttentionSources& sources, DType dtype) : io_(io), sources_(sources) {
    width_ = bit_width(dtype) / 8;
    rows_.number = number_of(dtype);
    rows_.batch = sources.q.dims.batch;
    rows_.rotary = sources.rotary;
    rows_.sequences = sources.sequences;
    rows_.offset = sources.past;
    rows_.fault = io.fault();
    cache_.element_width = width_;
    cache_.batch = rows_.batch;
    cache_.heads = sources.k.dims.heads;
    cache_.sequences = sources.sequences;
    cache_.all = {sources.past + sources.k.dims.rows, sources.past};
  }

  /// The rows of a source, those in its cache included; in place where nothing is to be done.
  std::pair<const void*, HeadLayout> add(const HeadSource& source) {
    const KvCache& cache = source.cache;
    const bool cached = cache.past != nullptr || cache.present != nullptr;
    if (!cached && !source.changes()) return {source.data, source.layout};
    HeadDims dims = source.dims;
    if (cached) dims.rows = cache.present != nullptr ? room(*cache.present) : sources_.keys;
    Tensor* present = cached ? cache.present : nullptr;
    void* to = present != nullptr ? present->mutable_raw() : io_.scratch<std::byte>(dims.elements() * width_);
    const HeadLayout layout = present != nullptr ? part_layout(*present, cache.part, dims) : dims.bnsh();
    cuda::HeadRows part{source.data,
                        to,
                        row_layout(source.layout),
                        row_layout(layout),
                        source.dims.heads,
                        source.dims.rows,
                        source.dims.width,
                        source.terms,
                        source.norm_scale,
                        source.epsilon};
    part.rotates = source.rotates;
    part.appends = cached;
    rows_.parts[rows_.count++] = part;
    if (cached) add_to_cache(cache, to, layout, dims);
    return {to, layout};
  }

  void launch() {
    if (cache_parts_ > 0) launch_cache_rows(cache_, io_.stream());
    if (rows_.count > 0) launch_head_rows(rows_, io_.stream());
  }

 private:
  static int64_t room(const Tensor& tensor) { return tensor.shape()[tensor.shape().rank() - 2]; }

  // Of part `part` of a tensor [..., batch, heads, rows, width].
  static HeadLayout part_layout(const Tensor& tensor, int64_t part, const HeadDims& dims) {
    HeadLayout layout = dims.bnsh(tensor.pitch());
    layout.start = part * dims.batch * layout.batch;
    return layout;
  }

  // A cache that is lengthened in place has nothing to move. Of sequences that are shorter than others rows behind
  // theirs are cleared.
  void add_to_cache(const KvCache& cache, void* to, const HeadLayout& layout, const HeadDims& dims) {
    const bool in_place = cache.past != nullptr && cache.past->raw() == to;
    if (in_place && sources_.sequences == nullptr) return;
    cuda::CacheRows& part = cache_.parts[cache_parts_++];
    part.present = to;
    part.present_layout = row_layout(layout);
    part.width = dims.width;
    cache_.present_rows = dims.rows;
    cache_.keep_rest = cache.keep_rest;
    if (cache.past == nullptr) return;
    HeadDims past = dims;
    past.rows = cache_.past_rows = room(*cache.past);
    if (in_place) {
      part.first_row = past.rows;
      return;
    }
    part.past = cache.past->raw();
    part.past_layout = row_layout(part_layout(*cache.past, cache.part, past));
  }

  const DeviceOperands& io_;
  const AttentionSources& sources_;
  int64_t width_;
  cuda::HeadRowsCall rows_;
  cuda::CacheCall cache_;
  int cache_parts_ = 0;
};

// Whether the attention was put on the stream as one by warpgroups.
bool attend_by_warpgroups(const DeviceOperands& io, const cuda::AttentionCall& call) {
  if (io.capability() != cuda::kWarpgroupAttention || !suits_warpgroups(call)) return false;
  const cuda::AttentionLayouts layouts = attention_layouts(call);
  const auto q = make_tensor_map(layouts.q), k = make_tensor_map(layouts.k), v = make_tensor_map(layouts.v);
  if (!q || !k || !v) return false;
  launch_warpgroup_attention(call, *q, *k, *v, io.stream());
  return true;
}

}  // namespace

cuda::AttentionCall attention_call(const DeviceOperands& io, const AttentionSources& sources, Tensor& out) {
  const HeadDims &q = sources.q.dims, &v = sources.v.dims;
  cuda::AttentionCall call{};
  Arrangement arrangement(io, sources, out.dtype());
  HeadLayout layout;
  std::tie(call.q, layout) = arrangement.add(sources.q);
  call.q_layout = row_layout(layout);
  std::tie(call.k, layout) = arrangement.add(sources.k);
  call.k_layout = row_layout(layout);
  std::tie(call.v, layout) = arrangement.add(sources.v);
  call.v_layout = row_layout(layout);
  arrangement.launch();
  const HeadDims dims{q.batch, q.heads, q.rows, v.width};
  call.number = number_of(out.dtype());
  call.out = out.mutable_raw();
  call.out_layout = row_layout(out.shape().rank() == 4 ? dims.bnsh() : dims.bsnh());
  call.batch = q.batch;
  call.heads = q.heads;
  call.kv_heads = v.heads;
  call.rows = q.rows;
  call.keys = sources.keys;
  call.width = q.width;
  call.v_width = v.width;
  call.sequences = sources.sequences;
  call.offset = sources.past;
  return call;
}

cuda::ScoreMask score_mask(const Tensor& mask, const Shape& scores, ShortMask short_mask) {
  using enum cuda::ScoreMask::Form;
  const auto steps = mask_steps(mask, scores, short_mask);
  return {mask.raw(), mask.dtype() == DType::Bool ? Shown : Terms, steps[0], steps[1], steps[2], steps[3]};
}

cuda::ScoreMask key_score_mask(const Tensor& mask, const Shape& scores, int64_t past, float hidden) {
  using enum cuda::ScoreMask::Form;
  const KeyMask form = key_mask(mask, scores, past);
  const auto* elements = static_cast<const int32_t*>(mask.raw());
  cuda::ScoreMask result{elements + form.first, form.ends ? Bounds : Flags, form.batch, 0, form.row, 1};
  if (form.starts) result.starts = elements + scores[0];
  result.term = hidden;
  return result;
}

void attend(const DeviceOperands& io, const cuda::AttentionCall& call) {
  constexpr int64_t kFewRows = 4;  // which leave most of a tile empty
  const auto scratch = [&](const cuda::SplitPlan& plan) { return io.scratch<float>(plan.scratch(call)); };
  const bool on_tensor_cores =
      call.number != cuda::Number::F32 && io.capability() >= cuda::kTensorAttention && is_aligned(call);
  if (on_tensor_cores && call.rows > kFewRows) {
    if (attend_by_warpgroups(io, call)) return;
    const cuda::SplitPlan plan = tensor_plan(call);
    return launch_tensor_attention(call, plan, scratch(plan), io.stream());
  }
  if (!is_split(call)) return launch_attention(call, io.stream());
  const cuda::SplitPlan plan = split_plan(call);
  launch_split_attention(call, plan, scratch(plan), io.stream());
}

bool is_given(std::span<const ValueType> inputs, size_t input) {
  return input < inputs.size() && inputs[input].dtype != DType::Undefined;
}

std::string refuse_types(std::span<const ValueType> inputs, std::initializer_list<size_t> which) {
  const DType dtype = inputs[0].dtype;
  if (!kDeviceAttentionTypes.contains(dtype)) return "does not take " + std::string(name(dtype));
  for (const size_t i : which) {
    if (is_given(inputs, i) && inputs[i].dtype != dtype) return "takes tensors of one type";
  }
  return "";
}

std::string refuse_mask(const ValueType& mask, DType dtype) {
  const bool known = mask.dtype == DType::Undefined || mask.dtype == DType::Bool || mask.dtype == dtype;
  return known ? "" : "takes masks of bool or of the type of the queries";
}

std::string refuse_width(const ValueType& rows, int64_t heads) {
  const auto width = rows.dims && !rows.dims->empty() ? rows.dims->back().constant() : std::nullopt;
  if (!width) return "needs to know the width of heads";
  if (*width > heads * cuda::AttentionCall::kMostWidth) return "takes heads of up to 256 elements";
  return "";
}

}  // namespace mica
