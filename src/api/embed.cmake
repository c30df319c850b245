# Files as part of the program. The assembler's .incbin carries the bytes: as C++ literals they would be megabytes to
# compile.
#
#   embed_file(SET PATH NAME TYPE)   puts a file into a set under that name; compressed besides where that is worth it
#   embed_set(SET)                   gives `std::vector<EmbeddedFile> SET_files()` to ponte_api (api/embedded_file.h)
enable_language(ASM)
find_program(PONTE_GZIP gzip)

# embed_bytes(SET SYMBOL PATH): the bytes from SYMBOL to SYMBOL_end.
function(embed_bytes set symbol path)
  set_property(GLOBAL APPEND PROPERTY embed_${set}_inputs ${path})
  set_property(GLOBAL APPEND_STRING PROPERTY embed_${set}_assembly
    ".global ${symbol}, ${symbol}_end\n${symbol}: .incbin \"${path}\"\n${symbol}_end:\n")
  set_property(GLOBAL APPEND_STRING PROPERTY embed_${set}_declarations
    "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
endfunction()

function(embed_file set path name type)
  get_property(inputs GLOBAL PROPERTY embed_${set}_inputs)
  list(LENGTH inputs count)
  set(symbol ponte_${set}_${count})
  embed_bytes(${set} ${symbol} ${path})
  set(twin "{}")
  file(SIZE ${path} size)
  if(PONTE_GZIP AND size GREATER 4096)
    set(compressed ${CMAKE_CURRENT_BINARY_DIR}/${set}/${name}.gz)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${set})
    add_custom_command(OUTPUT ${compressed} DEPENDS ${path} VERBATIM
      COMMAND sh -c "\"$1\" -9nc \"$2\" >\"$3\"" sh ${PONTE_GZIP} ${path} ${compressed})
    embed_bytes(${set} ${symbol}_gzip ${compressed})
    set(twin "between(${symbol}_gzip, ${symbol}_gzip_end)")
  endif()
  set_property(GLOBAL APPEND_STRING PROPERTY embed_${set}_rows
    "      {\"${name}\", \"${type}\", between(${symbol}, ${symbol}_end), ${twin}},\n")
endfunction()

function(embed_set set)
  foreach(variable inputs assembly declarations rows)
    get_property(${variable} GLOBAL PROPERTY embed_${set}_${variable})
  endforeach()
  set(made ${CMAKE_CURRENT_BINARY_DIR}/${set}/${set}_files)
  file(GENERATE OUTPUT ${made}.s CONTENT
    ".section .rodata\n${assembly}.section .note.GNU-stack,\"\",%progbits\n")
  file(GENERATE OUTPUT ${made}.cpp CONTENT "#include \"api/embedded_file.h\"

extern \"C\" {
${declarations}}

namespace ponte::api {
namespace {

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::vector<EmbeddedFile> ${set}_files() {
  return {
${rows}  };
}

}  // namespace ponte::api
")
  set_source_files_properties(${made}.s PROPERTIES GENERATED TRUE OBJECT_DEPENDS "${inputs}")
  set_source_files_properties(${made}.cpp PROPERTIES GENERATED TRUE)
  target_sources(ponte_api PRIVATE ${made}.s ${made}.cpp)
endfunction()
