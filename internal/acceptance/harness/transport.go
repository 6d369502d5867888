package harness

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
)

// HandlerTransport is an http.RoundTripper that sends requests to a handler without a network
// connection. In a synctest bubble, time doesn't advance while a goroutine waits for the network.
type HandlerTransport struct{ Handler http.Handler }

// RoundTrip calls the handler. A panic with [http.ErrAbortHandler] closes the connection.
func (h HandlerTransport) RoundTrip(r *http.Request) (_ *http.Response, err error) {
	// Without this call, the client would report that it can't connect.
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	defer func() {
		switch recovered := recover(); recovered {
		case nil:
		case http.ErrAbortHandler:
			err = io.ErrUnexpectedEOF
		default:
			panic(recovered)
		}
	}()
	response := httptest.NewRecorder()
	h.Handler.ServeHTTP(response, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return response.Result(), nil
}

// NoResponse is a handler that waits until the client cancels the request.
var NoResponse = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
