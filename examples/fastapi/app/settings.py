"""The settings of the application, from the environment variables that the charm sets.

``APP_GREETING`` is ``settings.greeting``. Uvicorn reads ``UVICORN_*`` and ``WEB_CONCURRENCY`` itself.
"""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", frozen=True)

    secret_key: SecretStr
    greeting: str = "Leave a note"
    base_url: str | None = None
    moderator_name: str | None = None
    moderator_password: SecretStr | None = None
    log_level: str = Field(default="info", validation_alias="UVICORN_LOG_LEVEL")
    port: int = Field(default=8000, validation_alias="UVICORN_PORT")
    metrics_port: int | None = Field(default=None, validation_alias="METRICS_PORT")
    metrics_path: str = Field(default="/metrics", validation_alias="METRICS_PATH")
    database: SecretStr = Field(validation_alias="POSTGRESQL_DB_CONNECT_STRING")

    @field_validator("metrics_path")
    @classmethod
    def _from_the_root(cls, path: str) -> str:
        return "/" + path.lstrip("/")

    @property
    def database_url(self) -> URL:
        """Address of the database with the driver's name, as SQLAlchemy expects it."""
        return make_url(self.database.get_secret_value()).set(drivername="postgresql+psycopg")


settings = Settings()
