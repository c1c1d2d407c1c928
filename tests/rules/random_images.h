// A motif of random models: a convolution and what may follow.
#pragma once

#include "tests/rules/random_builder.h"

namespace mica {

/// None where x is no image of a known number of channels.
ValueId image_layers(RandomBuilder& g, ValueId x);

}  // namespace mica
