// The kernels of tests, which are no part of the library, for the emulator.
#include "tests/cuda/fragments/fragments.cu"
