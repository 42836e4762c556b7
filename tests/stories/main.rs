//! The stories: what people do with the service, told over HTTP and the command line, on both stores.
