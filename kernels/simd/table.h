// What the build generates for each MICA_SIMD_TABLE(Type, name) of a *.simd.cpp. The header beside that file declares
//
//   const Type& name();            the table of the instruction set in use (kernels/simd/isa.h)
//   IsaTables<Type> name_all();    the tables of all that were compiled, in the order of isas(), for tests
//
// Files compiled once per instruction set include this: no header of the C++ library here.
#pragma once

#include <stddef.h>

namespace mica {

template <class Table>
struct IsaTable {
  const char* isa;
  const Table* table;
};

template <class Table>
struct IsaTables {
  const IsaTable<Table>* rows;
  size_t count;

  const IsaTable<Table>* begin() const { return rows; }
  const IsaTable<Table>* end() const { return rows + count; }
};

}  // namespace mica
