// What runs where, and what is copied for it.
#include "runtime/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/model_from_text.h"

namespace mica {
namespace {

using testing::ElementsAre;
using Kind = Step::Kind;

constexpr std::string_view kDevice = "emulated:0";

/// A plan's steps as text: "upload x", "Add@device", "NonZero", "wait NonZero", "view Reshape".
std::vector<std::string> steps_of(const Plan& plan) {
  std::vector<std::string> list;
  for (const Step& step : plan.steps()) {
    if (step.is_copy()) {
      list.push_back(std::string(step.kernel_name()) + " " + plan.slots()[step.inputs[0]].name);
      continue;
    }
    std::string text = plan.graph().node(step.node).op_type;
    if (step.view) text = "view " + text;
    if (step.waits) text = "wait " + text;
    if (step.kind == Kind::Device) text += "@device";
    list.push_back(text);
  }
  return list;
}

Session compile(std::string_view text) {
  return model_from_text(text, false).compile({.device = std::string(kDevice)});
}

TEST(Placement, CopiesInputsAndOutputsOnceAndNothingBetween) {
  const Session session = compile(R"(
    graph g(x: float[n,4], y: float[n,4]) -> (b, c) {
      a = Add(x, y)
      b = Mul(a, x)
      c = Exp(b)
    })");
  EXPECT_THAT(steps_of(session.plan()), ElementsAre("upload x", "upload y", "Add@device", "Mul@device", "Exp@device",
                                                    "download b", "download c"));
  EXPECT_EQ(inner_copies(session.plan()), 0u);
}

TEST(Placement, WhatHasNoKernelRunsOnTheCpuAndIsWaitedFor) {
  const Session session = compile(R"(
    graph g(x: float[n,4]) -> (c, d) {
      a = Exp(x)
      b = Hardmax(a)
      c = Neg(b)
      d = Hardmax(a) {axis=0}
    })");
  EXPECT_THAT(steps_of(session.plan()), ElementsAre("upload x", "Exp@device", "download a", "wait Hardmax", "upload b",
                                                    "Neg@device", "Hardmax", "download c"));
  EXPECT_EQ(inner_copies(session.plan()), 2u);
}

TEST(Placement, ShapeArithmeticStaysOnTheHost) {
  const Session session = compile(R"(
    graph g(x: float[n,4], k: int64[2]) -> (y) {
      one = Constant() {value=int64[2] [1,1]}
      shape = Add(k, one)
      y = Expand(x, shape)
    })");
  EXPECT_THAT(steps_of(session.plan()), ElementsAre("Add", "Expand"));
}

TEST(Placement, ViewsStayWhereTheirInputIs) {
  const Session session = compile(R"(
    graph g(x: float[2,6], s: int64[2] = [3,4]) -> (y, z) {
      a = Reshape(x, s)
      b = Exp(a)
      y = Reshape(b, int64[1] [12])
      z = Neg(b)
    })");
  EXPECT_THAT(steps_of(session.plan()), ElementsAre("view Reshape", "upload a", "Exp@device", "view Reshape",
                                                    "Neg@device", "download y", "download z"));
}

TEST(Placement, ConstantsAreOnTheDeviceAndNotCopiedInARun) {
  const Session session = compile(R"(
    graph g(x: float[2,3]) -> (y, z) {
      w: float[3,2] = [1,2,3,4,5,6]
      y = MatMul(x, w)
      z = Gemm(x, w)
    })");
  EXPECT_THAT(steps_of(session.plan()),
              ElementsAre("upload x", "MatMul@device", "Gemm@device", "download y", "download z"));
  size_t constants = 0;
  for (const Slot& slot : session.plan().slots()) {
    constants += slot.source == Slot::Source::Constant && slot.place == Place::Device;
  }
  EXPECT_EQ(constants, 1u);
}

TEST(Placement, InputsThatKernelsReadOnTheHostAreNotUploaded) {
  const Session session = compile(R"(
    graph g(x: float[4,4], starts: int64[1], ends: int64[1]) -> (y) {
      a = Exp(x)
      b = ReduceSum(a, int64[1] [1])
      y = Neg(b)
    })");
  EXPECT_THAT(steps_of(session.plan()),
              ElementsAre("upload x", "Exp@device", "ReduceSum@device", "Neg@device", "download y"));
}

TEST(Placement, AnUploadedBufferIsNotUsedAgainBeforeTheDeviceIsWaitedFor) {
  const Session session = compile(R"(
    graph g(x: float[n,4]) -> (y) {
      a = Hardmax(x)
      b = Exp(a)
      c = Hardmax(x) {axis=0}
      d = Add(b, c)
      e = Hardmax(d)
      y = Hardmax(e)
    })");
  const Plan& plan = session.plan();
  const auto slot_named = [&](std::string_view name) {
    for (const Slot& slot : plan.slots()) {
      if (slot.name == name && slot.place == Place::Host) return slot;
    }
    return Slot{};
  };
  uint32_t wait = 0;
  while (!plan.steps()[wait].waits) ++wait;
  EXPECT_GE(slot_named("a").last, wait);
  EXPECT_GE(slot_named("c").last, wait);
}

TEST(Placement, WithoutADeviceNothingIsPlaced) {
  const Session session = model_from_text("graph g(x: float[2]) -> (y) { y = Exp(x) }").compile();
  EXPECT_THAT(steps_of(session.plan()), ElementsAre("Exp"));
  EXPECT_EQ(session.plan().device(), nullptr);
}

}  // namespace
}  // namespace mica
