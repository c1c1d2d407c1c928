# CUDA, where nvcc is found: backends/cuda, the kernels (*.cu) and what calls them (*.cuda.cpp). Without it no file of
# these is in the build. Sets MICA_HAS_CUDA, and the folders that the tables of backends and device kernels are made of.
#
#   mica_cuda_backend(target)   adds the backend to the layer of backends
#   mica_cuda_kernels(target)   adds the kernels to the layer of kernels

set(MICA_CUDA AUTO CACHE STRING "Build for NVIDIA GPUs: ON, OFF, or AUTO, when nvcc is found")
set_property(CACHE MICA_CUDA PROPERTY STRINGS AUTO ON OFF)
set(MICA_CUDA_ARCHITECTURES 75-real 80 90a-real CACHE STRING "Architectures of the kernels; without -real also as PTX")

set(MICA_HAS_CUDA FALSE)
set(mica_backend_folders)
set(mica_device_kernel_folders)
if(MICA_CUDA)
  find_program(MICA_NVCC nvcc HINTS ENV CUDACXX ENV CUDA_HOME ENV CUDA_PATH PATH_SUFFIXES bin PATHS /usr/local/cuda)
  if(MICA_NVCC)
    set(MICA_HAS_CUDA TRUE)
  elseif(NOT MICA_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR "MICA_CUDA is ${MICA_CUDA}, but there is no nvcc: set MICA_NVCC or CUDA_HOME")
  endif()
endif()

if(MICA_HAS_CUDA)
  set(CMAKE_CUDA_COMPILER ${MICA_NVCC})
  set(CMAKE_CUDA_ARCHITECTURES ${MICA_CUDA_ARCHITECTURES})
  enable_language(CUDA)
  set(CMAKE_CUDA_FLAGS_RELEASE -DNDEBUG)  # the level of optimisation stands with the other options below
  find_package(CUDAToolkit REQUIRED)
  set(mica_backend_folders ${PROJECT_SOURCE_DIR}/backends/cuda)
  set(mica_device_kernel_folders ${PROJECT_SOURCE_DIR}/kernels)
endif()

function(mica_cuda_backend target)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/backends/cuda/*.cpp)
  target_sources(${target} PRIVATE ${sources})
  target_include_directories(${target} SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  target_link_libraries(${target} PRIVATE CUDA::cudart_static ${CMAKE_DL_LIBS})
endfunction()

# For targets with .cu files.
function(mica_cuda_options target)
  # The standard is given as an option: CMake 3.25 does not know that nvcc 13 has it. Code is compressed to a fifth of
  # what nvcc does by default; the driver decompresses it (those that nvcc 13's runtime needs can) when it is loaded.
  set_target_properties(${target} PROPERTIES CUDA_STANDARD_REQUIRED OFF)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20 -O2 --expt-relaxed-constexpr
    $<$<VERSION_GREATER_EQUAL:${CMAKE_CUDA_COMPILER_VERSION},13>:--compress-mode=size>
    --Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Werror,-Wno-unknown-pragmas>)
endfunction()

function(mica_cuda_kernels target)
  file(GLOB_RECURSE callers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.cuda.cpp)
  file(GLOB_RECURSE kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.cu)
  add_library(${target}_cuda OBJECT ${kernels})
  target_include_directories(${target}_cuda PRIVATE ${PROJECT_SOURCE_DIR})
  mica_cuda_options(${target}_cuda)
  target_sources(${target} PRIVATE ${callers} $<TARGET_OBJECTS:${target}_cuda>)
endfunction()
