#include "protocol/media/location.h"

#include "support/vectors.h"

namespace ponte::protocol::media {
namespace {

TEST(MediaLocation, MakesTheUrlOfAFile) {
  const VecFile vectors = test::load_vectors("media/envelope.vec");
  const auto digest = to_array<32>(test::vector_bytes(vectors, "image_sealed_sha256"));
  const std::string token = test::vector_text(vectors, "image_token");
  EXPECT_EQ(
      download_url(MediaScheme::kHttps, "mmg.whatsapp.net", "/v/t62.7118-24/1_n.enc?ccb=11-4&oh=0&oe=6",
                   MediaType::kImage, digest),
      "https://mmg.whatsapp.net/v/t62.7118-24/1_n.enc?ccb=11-4&oh=0&oe=6&hash=" + token + "&mms-type=image&__wa-mms=");
  EXPECT_EQ(download_url(MediaScheme::kHttp, "127.0.0.1:8080", "/a.enc", MediaType::kHistory, std::nullopt),
            "http://127.0.0.1:8080/a.enc?mms-type=md-msg-hist&__wa-mms=");
}

TEST(MediaLocation, TakesHostsThatAreNamesAndNothingElse) {
  for (const char* host : {"mmg.whatsapp.net", "media-gru2-1.cdn.whatsapp.net", "127.0.0.1", "localhost:8443", "a"})
    EXPECT_TRUE(is_media_host(host)) << host;
  for (const char* host : {"",      ".",        ".net", "a.",    "a..b",  "-a",        "a:",    "a:0",
                           "a:080", "a:123456", "a:b",  "a:1:2", ":80",   "user@host", "a/b",   "a?b",
                           "a#b",   "a b",      "a\\b", "A.net", "[::1]", "a\r\nb",    "a%2eb", "xn--\xc3\xa9"})
    EXPECT_FALSE(is_media_host(host)) << host;
  EXPECT_FALSE(is_media_host(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_media_host(std::string(254, 'a')));
}

TEST(MediaLocation, TakesPathsThatStayAtTheirHost) {
  for (const char* path : {"/a", "/v/t62.7118-24/1_n.enc?ccb=11-4&oh=01_Q5A&oe=6750&_nc_sid=5e03e0", "/a?b=/../c",
                           "/a@b", "/a:80", "/...", "/a..b/c."})
    EXPECT_TRUE(is_direct_path(path)) << path;
  for (const char* path : {"",
                           "/",
                           "a",
                           "//evil.example/a",
                           "/\\evil.example",
                           "/a\\b",
                           "@evil.example/a",
                           ":80/a",
                           ".evil.example/a",
                           "/a b",
                           "/a#b",
                           "/a\r\nHost: b",
                           "/\t",
                           "/\x7f",
                           "/\xc3\xa9",
                           "/..",
                           "/../a",
                           "/a/../b",
                           "/a/.",
                           "/./a",
                           "/a/%2e%2e/b",
                           "/%2E",
                           "http://evil.example/a",
                           "/{a}",
                           "/a\"b",
                           "/<a>"})
    EXPECT_FALSE(is_direct_path(path)) << path;
  EXPECT_FALSE(is_direct_path(std::string_view("/a\0b", 4)));
  EXPECT_TRUE(is_direct_path("/" + std::string(2047, 'a')));
  EXPECT_FALSE(is_direct_path("/" + std::string(2048, 'a')));
}

TEST(MediaLocation, TakesThePathOfAnOldUrlAndNeverItsHost) {
  EXPECT_EQ(direct_path_of("https://mmg.whatsapp.net/d/f/Abc.enc"), "/d/f/Abc.enc");
  EXPECT_EQ(direct_path_of("https://mmg-fna.whatsapp.net/o1/v.enc?oe=1"), "/o1/v.enc?oe=1");
  for (const char* url :
       {"", "https://", "https://mmg.whatsapp.net", "http://mmg.whatsapp.net/a", "https://evil.example/a",
        "https://whatsapp.net.evil.example/a", "https://evilwhatsapp.net/a", "https://a@mmg.whatsapp.net/a",
        "https://mmg.whatsapp.net:80@evil.example/a", "https://mmg.whatsapp.net\\@evil.example/a",
        "https://mmg.whatsapp.net//evil.example/a", "https://mmg.whatsapp.net/a/../b", "ftp://mmg.whatsapp.net/a"})
    EXPECT_EQ(direct_path_of(url), std::nullopt) << url;
}

}  // namespace
}  // namespace ponte::protocol::media
