// What lengths are where nothing is cut short.
#pragma once

#include "graph/dim.h"

namespace mica {

/// `dim` with x for each min(x, c) in it, c > 1: what it is where a table of c rows, cut to a length, is long enough.
Dim uncapped(const Dim& dim);

}  // namespace mica
