#include "api/rest_api.h"

#include "api/endpoints/endpoints.h"

namespace ponte::api {

RestApi::RestApi(RestApiOptions options, instance::InstanceService& instances, const Clock& clock, RandomSource& random)
    : dispatcher_(std::make_unique<Dispatcher>(std::move(options.dispatcher), instances, clock, random,
                                               all_routes({instances, clock, clock.now().mono}))),
      server_(std::make_unique<PistacheServer>(std::move(options.server), *dispatcher_, clock)) {}

RestApi::~RestApi() = default;

}  // namespace ponte::api
