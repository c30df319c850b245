# The page /docs in the program: its own files, and Swagger UI where tools/setup.sh has brought it into
# third_party/swagger_ui. Without it the page says so.
set(docs_viewer ${CMAKE_SOURCE_DIR}/third_party/swagger_ui/node_modules/swagger-ui-dist)
# CONFIGURE_DEPENDS: a viewer that comes, or goes, is seen by the next build.
file(GLOB docs_viewer_there CONFIGURE_DEPENDS ${docs_viewer}/swagger-ui-bundle.js)

set(docs_own ${CMAKE_CURRENT_LIST_DIR})
embed_file(docs ${docs_own}/page.css page.css "text/css; charset=utf-8")
if(docs_viewer_there AND PONTE_GZIP)
  embed_file(docs ${docs_own}/viewer.html index.html "text/html; charset=utf-8")
  embed_file(docs ${docs_own}/viewer.js viewer.js "text/javascript; charset=utf-8")
  embed_file(docs ${docs_viewer}/swagger-ui-bundle.js swagger-ui-bundle.js "text/javascript; charset=utf-8")
  embed_file(docs ${docs_viewer}/swagger-ui.css swagger-ui.css "text/css; charset=utf-8")
  # Apache-2.0 4: who gets the viewer gets these with it.
  embed_file(docs ${docs_viewer}/LICENSE LICENSE.txt "text/plain; charset=utf-8")
  embed_file(docs ${docs_viewer}/NOTICE NOTICE.txt "text/plain; charset=utf-8")
  embed_file(docs ${docs_viewer}/swagger-ui-bundle.js.LICENSE.txt swagger-ui-bundle.js.LICENSE.txt
    "text/plain; charset=utf-8")
else()
  message(STATUS "No Swagger UI in third_party/swagger_ui (tools/setup.sh, with npm): /docs will say so")
  embed_file(docs ${docs_own}/plain.html index.html "text/html; charset=utf-8")
endif()
embed_set(docs)
