"""What functions are told of the choices, as text in their environment; `orchestrator.aws.settings` reads it back."""

from infra.configuration.choices import Configuration


def function_settings(chosen: Configuration) -> dict[str, str]:
    """Return the settings that follow from the choices alone; what the stack makes, it adds itself."""
    return {
        "app_domain": chosen.app_domain,
        "sender": chosen.sender,
        "parameter_prefix": chosen.parameter_prefix,
        "plans": ",".join(f"{plan}={tier}" for plan, tier in chosen.plans.items()),
        "regions": ",".join(chosen.regions),
        "secret_prefix": chosen.secret_prefix,
        "bridge_providers": ",".join(chosen.bridge_providers),
        "feature_plan": chosen.feature_plan,
        "auth_flows": ",".join(chosen.auth_flows),
        "oauth_scopes": ",".join(chosen.oauth_scopes),
        "callback_path": chosen.callback_path,
        "logout_path": chosen.logout_path,
        "local_callbacks": str(chosen.local_callbacks).lower(),
        "product_origins": ",".join(chosen.product_origins),
        "member_roles": ",".join(chosen.member_roles),
        "access_token_minutes": str(chosen.access_token_minutes),
        "id_token_minutes": str(chosen.id_token_minutes),
        "refresh_token_days": str(chosen.refresh_token_days),
        "open_shards": str(chosen.open_shards),
        "groups_per_pool": str(chosen.groups_per_pool),
        "app_clients_per_pool": str(chosen.app_clients_per_pool),
        "identity_providers_per_pool": str(chosen.identity_providers_per_pool),
        "quota_share": str(chosen.quota_share),
        "in_doubt_wait_seconds": str(chosen.in_doubt_wait_seconds),
        "mails_per_address_hour": str(chosen.mails_per_address_hour),
        "mails_per_tenant_day": str(chosen.mails_per_tenant_day),
        "people_mail_share": str(chosen.people_mail_share),
        "rejected_retention_days": str(chosen.rejected_retention_days),
        "open_sign_up": chosen.open_sign_up,
        "log_level": chosen.log_level,
    }
