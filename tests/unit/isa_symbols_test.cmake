# cmake -DNM=nm -DISA=avx2 -DOBJECTS=list.txt -P isa_symbols_test.cmake
# Fails when an object file of the list (one path a line) defines a weak symbol outside mica::isa_<ISA>. The linker keeps
# one copy of such a symbol for the whole program, which could be the one compiled for instructions that a CPU lacks.

file(STRINGS ${OBJECTS} objects)
if(NOT objects)
  message(FATAL_ERROR "${OBJECTS} lists no object files")
endif()
foreach(object IN LISTS objects)
  execute_process(COMMAND ${NM} -C ${object} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE ";" "," output "${output}")
  string(REPLACE "\n" ";" symbols "${output}")
  list(FILTER symbols INCLUDE REGEX "^[0-9a-f]+ [WVu] ")
  list(FILTER symbols EXCLUDE REGEX "mica::isa_${ISA}::")
  foreach(symbol IN LISTS symbols)
    message(SEND_ERROR "${object}: weak symbol outside mica::isa_${ISA}: ${symbol}")
  endforeach()
endforeach()
