//! DescribeRegions (api-buckets.md §1.2).

use crate::request::Call;
use crate::respond::{Answer, xml};
use crate::service::Service;
use fosse_oss::xml::{RegionInfo, RegionInfoList};
use fosse_oss::{ErrorCode, OssError};

/// `GET /?regions[=ID]`: the server's own region, those whose signatures it takes, and those that it is told of.
pub(crate) fn describe_regions(call: &Call) -> Answer {
    let asked = call.query.get("regions").filter(|id| !id.is_empty());
    let regions: Vec<RegionInfo> = known(&call.service)
        .into_iter()
        .filter(|region| asked.is_none_or(|asked| region.region == asked))
        .collect();
    if regions.is_empty() {
        return Err(OssError::new(ErrorCode::NoSuchRegion)
            .with_message(asked.unwrap_or_default().to_owned()));
    }
    Ok(xml(RegionInfoList { regions }.to_xml()))
}

fn known(service: &Service) -> Vec<RegionInfo> {
    let config = &service.config;
    let told = &config.region_endpoints;
    let mut ids: Vec<&String> = service.regions.iter().collect();
    ids.extend(told.iter().map(|region| &region.id));
    let mut regions: Vec<RegionInfo> = Vec::new();
    for id in ids {
        let name = format!("oss-{id}");
        if regions.iter().any(|region| region.region == name) {
            continue;
        }
        regions.push(match told.iter().find(|region| region.id == *id) {
            Some(told) => RegionInfo {
                region: name,
                internet_endpoint: told.internet.clone(),
                internal_endpoint: told.internal.clone(),
                accelerate_endpoint: told.accelerate.clone(),
            },
            // This server answers for it.
            None => RegionInfo {
                region: name,
                internet_endpoint: service.extranet_endpoint.clone(),
                internal_endpoint: service.intranet_endpoint.clone(),
                accelerate_endpoint: config
                    .accelerate_endpoint
                    .clone()
                    .unwrap_or_else(|| service.extranet_endpoint.clone()),
            },
        });
    }
    regions
}
