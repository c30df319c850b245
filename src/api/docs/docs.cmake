# The page /docs in the program: its own files, and Swagger UI where tools/setup.sh has brought it into
# third_party/swagger_ui. Without it the page says so. The assembler's .incbin carries the bytes: as C++ literals they
# would be megabytes to compile.
enable_language(ASM)
find_program(PONTE_GZIP gzip)

set(docs_viewer ${CMAKE_SOURCE_DIR}/third_party/swagger_ui/node_modules/swagger-ui-dist)
set(docs_made ${CMAKE_CURRENT_BINARY_DIR}/docs)
# CONFIGURE_DEPENDS: a viewer that comes, or goes, is seen by the next build.
file(GLOB docs_viewer_there CONFIGURE_DEPENDS ${docs_viewer}/swagger-ui-bundle.js)

set(docs_count 0)
set(docs_inputs "")
set(docs_assembly "")
set(docs_declarations "")
set(docs_rows "")

macro(docs_bytes symbol path)
  list(APPEND docs_inputs ${path})
  string(APPEND docs_assembly ".global ${symbol}, ${symbol}_end\n${symbol}: .incbin \"${path}\"\n${symbol}_end:\n")
  string(APPEND docs_declarations "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
endmacro()

# docs_file(PATH NAME TYPE): the file as /docs/NAME; compressed besides where that is worth it.
function(docs_file path name type)
  set(symbol ponte_docs_${docs_count})
  math(EXPR docs_count "${docs_count} + 1")
  docs_bytes(${symbol} ${path})
  set(twin "{}")
  file(SIZE ${path} size)
  if(PONTE_GZIP AND size GREATER 16384)
    set(compressed ${docs_made}/${name}.gz)
    add_custom_command(OUTPUT ${compressed} DEPENDS ${path} VERBATIM
      COMMAND sh -c "\"$1\" -9nc \"$2\" >\"$3\"" sh ${PONTE_GZIP} ${path} ${compressed})
    docs_bytes(${symbol}_gzip ${compressed})
    set(twin "between(${symbol}_gzip, ${symbol}_gzip_end)")
  endif()
  string(APPEND docs_rows "      {\"${name}\", \"${type}\", between(${symbol}, ${symbol}_end), ${twin}},\n")
  foreach(variable count inputs assembly declarations rows)
    set(docs_${variable} "${docs_${variable}}" PARENT_SCOPE)
  endforeach()
endfunction()

set(docs_own ${CMAKE_CURRENT_LIST_DIR})
file(MAKE_DIRECTORY ${docs_made})
docs_file(${docs_own}/page.css page.css "text/css; charset=utf-8")
if(docs_viewer_there AND PONTE_GZIP)
  docs_file(${docs_own}/viewer.html index.html "text/html; charset=utf-8")
  docs_file(${docs_own}/viewer.js viewer.js "text/javascript; charset=utf-8")
  docs_file(${docs_viewer}/swagger-ui-bundle.js swagger-ui-bundle.js "text/javascript; charset=utf-8")
  docs_file(${docs_viewer}/swagger-ui.css swagger-ui.css "text/css; charset=utf-8")
  # Apache-2.0 4: who gets the viewer gets these with it.
  docs_file(${docs_viewer}/LICENSE LICENSE.txt "text/plain; charset=utf-8")
  docs_file(${docs_viewer}/NOTICE NOTICE.txt "text/plain; charset=utf-8")
  docs_file(${docs_viewer}/swagger-ui-bundle.js.LICENSE.txt swagger-ui-bundle.js.LICENSE.txt "text/plain; charset=utf-8")
else()
  message(STATUS "No Swagger UI in third_party/swagger_ui (tools/setup.sh, with npm): /docs will say so")
  docs_file(${docs_own}/plain.html index.html "text/html; charset=utf-8")
endif()

file(GENERATE OUTPUT ${docs_made}/docs_files.s CONTENT
  ".section .rodata\n${docs_assembly}.section .note.GNU-stack,\"\",%progbits\n")
file(GENERATE OUTPUT ${docs_made}/docs_files.cpp CONTENT "#include \"api/docs_files.h\"

extern \"C\" {
${docs_declarations}}

namespace ponte::api {
namespace {

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::vector<DocsFile> docs_files() {
  return {
${docs_rows}  };
}

}  // namespace ponte::api
")
set_source_files_properties(${docs_made}/docs_files.s PROPERTIES GENERATED TRUE OBJECT_DEPENDS "${docs_inputs}")
set_source_files_properties(${docs_made}/docs_files.cpp PROPERTIES GENERATED TRUE)
target_sources(ponte_api PRIVATE ${docs_made}/docs_files.s ${docs_made}/docs_files.cpp)
