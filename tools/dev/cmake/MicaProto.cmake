# mica_proto(target file.proto): compiles a .proto of the source tree with protoc into the target. The header is
# included by the path of the .proto, with .pb.h; the lite runtime is linked statically.

set(Protobuf_USE_STATIC_LIBS ON)
find_package(Protobuf REQUIRED)

function(mica_proto target proto)
  set(generated ${PROJECT_BINARY_DIR}/generated)
  string(REGEX REPLACE "\\.proto$" ".pb" stem ${generated}/${proto})
  file(MAKE_DIRECTORY ${generated})
  add_custom_command(
    OUTPUT ${stem}.cc ${stem}.h
    COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR} --cpp_out=${generated} ${PROJECT_SOURCE_DIR}/${proto}
    DEPENDS ${PROJECT_SOURCE_DIR}/${proto}
    COMMENT "Compiling ${proto}"
    VERBATIM)
  set_source_files_properties(${stem}.cc PROPERTIES COMPILE_OPTIONS "-w")
  target_sources(${target} PRIVATE ${stem}.cc ${stem}.h)
  target_include_directories(${target} SYSTEM PUBLIC ${generated})
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf-lite)
endfunction()
