// Tests that launch kernels themselves, on the device under test.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "backends/backend.h"
#include "runtime/base/error.h"

namespace mica {

/// Skips, with the reason, where the device is not there.
template <class Case>
class DeviceTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    try {
      device_ = open_device(MICA_TEST_DEVICE);
      stream_ = device_->make_stream();
    } catch (const Error& error) {
      GTEST_SKIP() << "skipped: " << error.what();
    }
  }

  std::shared_ptr<Device> device_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace mica
