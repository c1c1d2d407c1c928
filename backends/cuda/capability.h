// By which compute capability kernels are chosen.
#pragma once

namespace mica {

/// That of the device, or what the environment caps it at, for comparisons and tests: MICA_CUDA_CAPABILITY=80 leaves
/// out what 9.0 brought.
int capped_capability(int of_device);

}  // namespace mica
