#include "kernels/attention/sequence_keys_cuda.h"
#include "kernels/cuda/element.cuh"

namespace mica::cuda {
namespace {

__global__ void sequence_keys_kernel(SequenceKeysCall call) {
  for (int64_t b = first_element(); b < call.batch; b += element_stride()) {
    const int64_t keys = load_integer(call.lengths, call.number, b) + call.extra;
    const int64_t most = keys < call.rows && !call.needs_rows ? keys : call.rows;
    const int64_t fresh = call.fresh == nullptr ? most : load_integer(call.fresh, call.number, b);
    const bool fits =
        keys >= 0 && keys <= call.most_keys && fresh >= 0 && fresh <= most && keys - fresh <= call.most_past;
    if (!fits) call.fault.report();
    const int64_t shown = keys < call.shown_keys ? keys : call.shown_keys;
    call.result[b] = fits ? SequenceKeys{shown, keys - fresh} : SequenceKeys{};
  }
}

}  // namespace

void launch_sequence_keys(const SequenceKeysCall& call, void* stream) {
  if (call.batch == 0) return;
  launch(sequence_keys_kernel, over_elements(call.batch), stream, call);
}

}  // namespace mica::cuda
