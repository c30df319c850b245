# Fewer, larger compilations: most of what a small source costs is what it shares with its neighbours, headers and the
# templates and inline functions in them (docs/adr/0013). PONTE_UNITY says of what: of everything (ON), of the suites
# (TESTS), of nothing (OFF).
find_program(PONTE_PYTHON python3)

# ponte_unity(TARGET [TEST] [WAITS]): the sources of TARGET are compiled in groups that keep each other's file-local names
# apart. TEST says that it is a suite; WAITS that it waits more than it computes, so that under ASan optimizing it costs
# more than it saves.
function(ponte_unity target)
  if(PONTE_SANITIZE MATCHES address AND "WAITS" IN_LIST ARGN)
    target_compile_options(${target} PRIVATE -O0)
  endif()
  if(NOT PONTE_UNITY OR NOT PONTE_PYTHON OR (PONTE_UNITY STREQUAL "TESTS" AND NOT "TEST" IN_LIST ARGN))
    return()
  endif()
  get_target_property(listed ${target} SOURCES)
  list(FILTER listed INCLUDE REGEX "\\.cpp$")
  execute_process(
    COMMAND ${PONTE_PYTHON} ${PROJECT_SOURCE_DIR}/tools/unity_groups.py 2000 ${listed}
    OUTPUT_VARIABLE grouped OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" grouped "${grouped}")
  foreach(line ${grouped})
    string(REGEX MATCH "^([0-9]+):(.*)$" line "${line}")
    set_source_files_properties("${CMAKE_MATCH_2}" PROPERTIES UNITY_GROUP "${CMAKE_MATCH_1}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
