// .npy and .npz files, well-formed and hostile.
#include "tools/io/npy.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <sstream>

#include "runtime/base/error.h"
#include "runtime/base/half.h"
#include "tools/io/stand_in.h"
#include "tools/io/value_files.h"
#include "tools/io/zip.h"

namespace mica::tools {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string npy(const Tensor& tensor) {
  std::ostringstream stream;
  write_npy(stream, tensor);
  return stream.str();
}

std::string npy(const std::string& header, const std::string& data) {
  std::string file = "\x93NUMPY\x01";
  file += '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file + header + data;
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

template <class T>
void append(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// An archive of one deflated member.
std::string zipped(const std::string& name, const std::string& contents) {
  std::string packed(contents.size() + 100, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(contents.data()));
  stream.avail_in = static_cast<uInt>(contents.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  const auto crc = static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(contents.data()), contents.size()));

  const auto sizes = [&](std::string& to) {
    append<uint16_t>(to, 8);
    append<uint32_t>(to, 0);
    append<uint32_t>(to, crc);
    append(to, static_cast<uint32_t>(packed.size()));
    append(to, static_cast<uint32_t>(contents.size()));
    append(to, static_cast<uint16_t>(name.size()));
    append<uint16_t>(to, 0);
  };
  std::string file = "PK\x03\x04", entry = "PK\x01\x02", end = "PK\x05\x06";
  append<uint32_t>(file, 20);
  sizes(file);
  file += name + packed;
  append<uint16_t>(entry, 20);
  append<uint32_t>(entry, 20);
  sizes(entry);
  entry += std::string(14, '\0') + name;
  append<uint32_t>(end, 0);
  append<uint16_t>(end, 1);
  append<uint16_t>(end, 1);
  append(end, static_cast<uint32_t>(entry.size()));
  append(end, static_cast<uint32_t>(file.size()));
  append<uint16_t>(end, 0);
  return file + entry + end;
}

TEST(Npy, RoundTripOfTypesThatNumpyHas) {
  for (const DType dtype : {DType::F16, DType::F32, DType::F64, DType::I8, DType::I16, DType::I32, DType::I64,
                            DType::U8, DType::U16, DType::U32, DType::U64, DType::Bool, DType::C64, DType::C128}) {
    Tensor tensor(dtype, {2, 3});
    for (size_t i = 0; i < tensor.bytes(); ++i) tensor.mutable_data<uint8_t>()[i] = i % 2;
    const std::string file = npy(tensor);
    EXPECT_EQ(file.find('\n') % 64, 63u) << "elements shall begin at a multiple of 64";
    const Tensor back = read_npy(bytes_of(file));
    EXPECT_EQ(back.str(), tensor.str());
    EXPECT_EQ(std::memcmp(back.raw(), tensor.raw(), tensor.bytes()), 0);
  }
  EXPECT_EQ(read_npy(bytes_of(npy(Tensor::scalar(2.5f)))).str(), "float[]");
  EXPECT_EQ(read_npy(bytes_of(npy(Tensor(DType::F32, {0, 3})))).str(), "float[0,3]");
  const Tensor texts = read_npy(bytes_of(npy(Tensor::of<std::string>({2}, {"h\xc3\xa9", ""}))));
  EXPECT_EQ(texts.as<std::string>()[0], "h\xc3\xa9");
  EXPECT_EQ(texts.as<std::string>()[1], "");
}

TEST(Npy, StandInsForOtherTypes) {
  Tensor tensor(DType::BF16, {2});
  tensor.mutable_data<BFloat16>()[0] = BFloat16(1.5f);
  tensor.mutable_data<BFloat16>()[1] = BFloat16(-2.0f);
  const Tensor written = read_npy(bytes_of(npy(tensor)));
  EXPECT_EQ(written.dtype(), DType::F32);
  EXPECT_EQ(written.as<float>()[0], 1.5f);
  const Tensor back = from_stand_in(written, DType::BF16);
  EXPECT_EQ(std::memcmp(back.raw(), tensor.raw(), tensor.bytes()), 0);

  Tensor nibbles(DType::I4, {3});
  nibbles.mutable_data<uint8_t>()[0] = 0x7f;  // -1, 7
  nibbles.mutable_data<uint8_t>()[1] = 0x08;  // -8
  const Tensor wide = read_npy(bytes_of(npy(nibbles)));
  EXPECT_EQ(wide.as<int8_t>()[0], -1);
  EXPECT_EQ(wide.as<int8_t>()[1], 7);
  EXPECT_EQ(wide.as<int8_t>()[2], -8);
  EXPECT_EQ(std::memcmp(from_stand_in(wide, DType::I4).raw(), nibbles.raw(), 2), 0);
  EXPECT_FALSE(from_stand_in(wide, DType::BF16).defined());
}

TEST(Npy, ReadsOtherOrders) {
  const Tensor big = read_npy(
      bytes_of(npy("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }\n", raw<uint8_t>({0, 1, 1, 2}))));
  EXPECT_EQ(big.as<int16_t>()[0], 1);
  EXPECT_EQ(big.as<int16_t>()[1], 258);
  const Tensor columns =
      read_npy(bytes_of(npy("{'shape':(2,3),'fortran_order':True,'descr':'|u1'}", raw<uint8_t>({0, 3, 1, 4, 2, 5}))));
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(columns.as<uint8_t>()[i], i);
}

TEST(Npy, RefusesWhatIsMalformed) {
  const std::string good = npy(Tensor::of<float>({2, 2}, {1, 2, 3, 4}));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(read_npy(bytes_of(good.substr(0, size))), Error) << size;
  }
  for (const char* header : {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (3", "{'descr': [('a', '<f4')], ",
                             "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
                             "{'descr': '<U99999999999999999999', 'fortran_order': False, 'shape': (1,), }",
                             "{'descr': '|S0', 'fortran_order': False, 'shape': (999999999999,), }",
                             "{'descr': '<f4', 'shape': (1,), }", "{", ""}) {
    EXPECT_THROW(read_npy(bytes_of(npy(header, std::string(64, '\1')))), Error) << header;
  }
}

TEST(Npz, ReadsDeflatedMembers) {
  const std::string archive = zipped("case/x.npy", npy(Tensor::of<int64_t>({3}, {5, 6, 7})));
  const auto arrays = read_npz(bytes_of(archive));
  ASSERT_EQ(arrays.size(), 1u);
  EXPECT_EQ(arrays.at("case/x").as<int64_t>()[2], 7);
}

TEST(Npz, DamageIsNoticed) {
  const std::string archive = zipped("x.npy", npy(Tensor::of<int64_t>({3}, {5, 6, 7})));
  for (size_t size = 0; size < archive.size(); ++size) {
    EXPECT_THROW(read_npz(bytes_of(archive.substr(0, size))), Error) << size;
  }
  for (size_t at = 0; at < archive.size(); ++at) {
    for (const unsigned char mask : {0x01, 0x80, 0xff}) {
      std::string damaged = archive;
      damaged[at] = static_cast<char>(damaged[at] ^ mask);
      try {
        const auto arrays = read_npz(bytes_of(damaged));  // bytes that nobody reads, such as times, may change
        for (const auto& [name, array] : arrays) EXPECT_EQ(array.as<int64_t>()[0], 5) << at;
      } catch (const Error&) {
      }
    }
  }
}

TEST(ValueFiles, NamesBecomeFileNamesAndBack) {
  for (const std::string name : {"plain", "/a/b", "../x", ".hidden", "a%b", "a:b\\c", "t\tab", "50%"}) {
    const std::string file = file_name(name);
    EXPECT_EQ(file.find_first_of("/\\"), std::string::npos) << file;
    EXPECT_NE(file[0], '.');
    EXPECT_EQ(value_name(file), name);
  }
  EXPECT_EQ(value_name("100%"), "100%");
}

}  // namespace
}  // namespace mica::tools
