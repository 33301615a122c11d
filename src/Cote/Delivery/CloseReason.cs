namespace Cote.Delivery;

/// <summary>Why the server closed a subscription; the number is the WebSocket close code.</summary>
enum CloseReason
{
    ShuttingDown = 4001,
    SlowConsumer = 4008,
    TokenExpired = 4011,
    RateLimited = 4013,
    BadRequest = 4500,
    SessionRevoked = 4503,
    TooManyConnections = 4504,
    TooManyErrors = 4509,
}
