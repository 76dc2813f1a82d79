TOKEN=$(curl -sS http://127.0.0.1:8080/v1/auth/register -H 'content-type: application/json' -d '{"username":"ann-'$$-$(date +%s)'","password":"correct horse battery"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
TOKEN=$TOKEN cargo run -q -p roomlog-client --example chat -- --listen http://127.0.0.1:8080 &
curl -sS http://127.0.0.1:8080/v1/rooms/a97685bd-efe0-5571-84e1-aa9bd8918750/messages -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"text":"hello"}' -w '\n'
