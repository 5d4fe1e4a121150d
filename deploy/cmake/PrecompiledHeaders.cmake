# What many files read, compiled once: abseil, the protobuf messages, GoogleTest.
#
#   gofer_declare_precompiled_headers()
#       Makes the carriers of the precompiled headers. Once, after proto/.
#   gofer_use_precompiled_headers(<target> LIBRARY|TEST
#                                 [PUBLIC <dep> ...] [PRIVATE <dep> ...])
#       Gives the target those that its dependencies call for.
#
# GCC only. Clang compiles without them: the preset `clang`, in which each file is
# compiled alone, finds a file that forgot an include. CLI11, spdlog and gRPC are in none:
# GCC instantiates what they leave pending in every file again, which costs more
# than it saves (tests/tools/build_cost shows what a file costs).

include_guard(GLOBAL)

option(GOFERD_PCH "Compile headers that many files read only once (GCC only)" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(GOFERD_PCH OFF)
endif()

set(gofer_pch_standard
  <algorithm> <atomic> <cstdint> <functional> <map> <memory> <optional> <string>
  <utility> <vector>
  <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
  <absl/time/time.h>)
set(gofer_pch_messages
  <goferd/admin/v1/connection_service.pb.h> <goferd/admin/v1/daemon_service.pb.h>
  <goferd/admin/v1/event_service.pb.h> <goferd/admin/v1/handler_service.pb.h>
  <goferd/admin/v1/server_service.pb.h> <goferd/admin/v1/stats_service.pb.h>
  <goferd/config/v1/config.pb.h> <goferd/state/v1/state.pb.h>
  <goferd/worker/v1/frame.pb.h>)
set(gofer_pch_test <gtest/gtest.h> <gmock/gmock.h>)

# A carrier is never linked into anything: it only owns the compiled header. It
# is of its users' kind, as GCC takes a header only with the flags it was
# compiled with.
function(_gofer_carrier name kind)
  file(WRITE "${PROJECT_BINARY_DIR}/pch/${name}.cc.in" "int main() {}\n")
  configure_file("${PROJECT_BINARY_DIR}/pch/${name}.cc.in"
    "${PROJECT_BINARY_DIR}/pch/${name}.cc" COPYONLY)
  if(kind STREQUAL "LIBRARY")
    add_library(${name} STATIC EXCLUDE_FROM_ALL
      "${PROJECT_BINARY_DIR}/pch/${name}.cc")
  else()
    add_executable(${name} EXCLUDE_FROM_ALL
      "${PROJECT_BINARY_DIR}/pch/${name}.cc")
  endif()
  _gofer_common(${name})
  target_link_libraries(${name} PRIVATE absl::statusor absl::strings absl::time)
  target_compile_options(${name} PRIVATE -fpch-preprocess)
endfunction()

function(gofer_declare_precompiled_headers)
  if(NOT GOFERD_PCH)
    return()
  endif()
  set(kinds)
  if(GOFERD_BUILD_CONTROLPLANE)
    _gofer_carrier(gofer_pch_library_messages LIBRARY)
    target_link_libraries(gofer_pch_library_messages PRIVATE
      goferd::proto_admin goferd::proto_worker)
    target_precompile_headers(gofer_pch_library_messages PRIVATE
      ${gofer_pch_standard} ${gofer_pch_messages})
  endif()
  if(NOT GOFERD_BUILD_TESTS)
    return()
  endif()
  find_package(GTest CONFIG REQUIRED)
  _gofer_carrier(gofer_pch_test TEST)
  _gofer_test_options(gofer_pch_test)
  target_link_libraries(gofer_pch_test PRIVATE GTest::gmock)
  target_precompile_headers(gofer_pch_test PRIVATE
    ${gofer_pch_test} ${gofer_pch_standard})
  if(GOFERD_BUILD_CONTROLPLANE)
    _gofer_carrier(gofer_pch_test_messages TEST)
    _gofer_test_options(gofer_pch_test_messages)
    target_link_libraries(gofer_pch_test_messages PRIVATE
      GTest::gmock goferd::proto_admin goferd::proto_worker)
    target_precompile_headers(gofer_pch_test_messages PRIVATE
      ${gofer_pch_test} ${gofer_pch_standard} ${gofer_pch_messages})
  endif()
endfunction()

# Whether one of the dependencies brings the protobuf messages along.
function(_gofer_reads_messages out)
  set(${out} OFF PARENT_SCOPE)
  foreach(dep IN LISTS ARGN)
    if(NOT TARGET ${dep})
      continue()
    endif()
    get_target_property(real ${dep} ALIASED_TARGET)
    if(NOT real)
      set(real ${dep})
    endif()
    get_target_property(reads ${real} GOFER_READS_MESSAGES)
    if(reads OR dep STREQUAL "goferd::proto_admin")
      set(${out} ON PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

function(gofer_use_precompiled_headers target kind)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "PUBLIC;PRIVATE")
  _gofer_reads_messages(brings ${arg_PUBLIC})
  set_target_properties(${target} PROPERTIES GOFER_READS_MESSAGES ${brings})
  _gofer_reads_messages(messages ${arg_PUBLIC} ${arg_PRIVATE})
  get_target_property(type ${target} TYPE)
  if(NOT GOFERD_PCH OR type STREQUAL "INTERFACE_LIBRARY")
    return()
  endif()
  if(kind STREQUAL "TEST")
    set(carrier gofer_pch_test)
    if(messages)
      set(carrier gofer_pch_test_messages)
    endif()
  elseif(messages)
    set(carrier gofer_pch_library_messages)
  else()
    return()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${carrier})
  # GCC 12 forgets which precompiled headers are the system's, and when it
  # optimises tells of std::string what is not so. The dev preset, which does
  # not optimise, takes every warning for an error.
  target_compile_options(${target} PRIVATE
    $<$<NOT:$<CONFIG:Debug>>:-Wno-array-bounds>
    $<$<NOT:$<CONFIG:Debug>>:-Wno-error>)
  target_compile_options(${target} PRIVATE -fpch-preprocess)
endfunction()
