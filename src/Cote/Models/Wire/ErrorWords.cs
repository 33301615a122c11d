namespace Cote.Models;

/// <summary>
/// What the errors of the field mean. Their status lines do not say: the same meaning comes with 400, 402, 403, 413,
/// 429, 500 and inside a 200, so their words are searched first.
/// </summary>
static class ErrorWords
{
    static readonly string[] OutOfQuota =
    [
        "insufficient_quota", "exceeded_current_quota", "exceeded your current quota",  // OpenAI, Moonshot, Gemini
        "insufficient balance", "insufficient_balance", "balance is insufficient",      // DeepSeek, SiliconFlow
        "insufficient credit", "requires more credits", "out of credits",               // OpenRouter
        "not enough credit", "not enough balance", "balance is not enough",
        "insufficient funds", "insufficient_user_quota",                                // new-api
        "credit balance is too low",                                                    // Anthropic, with 400
        "arrearage", "overdue-payment", "good standing",                                // Alibaba
        "billing_hard_limit", "billing_not_active", "余额不足", "欠费",                   // OpenAI, Zhipu
    ];

    static readonly string[] Filtered =
    [
        "content_filter", "content filter", "content management policy",    // OpenAI, Azure
        "responsibleaipolicyviolation", "content_policy_violation", "content policy",
        "data_inspection_failed", "datainspectionfailed", "inappropriate content", // Alibaba
        "content exists risk", "considered high risk",                      // DeepSeek, Moonshot
        "sensitive_words", "sensitive words", "敏感",                        // new-api, Zhipu
        "prohibited_content", "moderation", "was flagged", "is flagged",    // Gemini, OpenRouter, OpenAI
        "content_moderated", "safety system",
    ];

    static readonly string[] BadKey =
    [
        "invalid_api_key", "incorrect api key", "invalid api key", "api_key_invalid", "api key not valid",
        "authentication_error", "authentication fails", "invalid x-api-key", "no auth credentials",
    ];

    static readonly string[] Context =
    [
        "context_length_exceeded",                      // OpenAI, Azure, Groq, DeepSeek
        "prompt is too long",                           // Anthropic
        "exceed context limit",                         // Anthropic, prompt and max_tokens together
        "maximum context length",                       // OpenAI, vLLM, Mistral, OpenRouter
        "maximum model length", "max_model_len",        // vLLM
        "exceed_context_size", "available context size", // llama.cpp
        "exceeds context length",                       // Ollama
        "exceeds the context", "context window",        // LM Studio, Ollama, Together
        "context size has been exceeded", "longer than the context",
        "maximum number of tokens allowed",             // Gemini's compatible endpoint
        "range of input length", "input is too long", "input_too_long", "string_above_max_length",
        "reduce the length of", "too many input tokens", "max input token", "maximum input length",
    ];

    /// <summary>What says that the model itself takes no such input, whatever the picture.</summary>
    internal static readonly string[] Blind =
    [
        "support image", "image_url is only supported", "variant `image_url`", "image inputs are not",
        "image input is not", "support vision", "vision is not", "support image_url", "image_url is not",
        "content type 'image_url'", "not a multimodal model", "support multimodal", "multimodal input is not",
        "multimodal is not", "images are not supported", "image is not supported", "missing data required for image",
        "cannot read image", "does not accept image", "no vision", "image content is not",
        "at most 0 image",                              // vLLM with a limit of none
        "unsupported content type: image", "type image_url is not", "image_url' is not", "not support images",
    ];

    static readonly string[] Media =
    [
        "support audio", "input_audio is not", "audio is not supported", "audio input is not", "support file",
        "unsupported image", "invalid image", "invalid_image", "could not process image", "image exceeds",
        "image_parse_error", "failed to process image", "unable to process input image", "image format",
        "image_too_large", "unsupported_media", "unsupported media",
    ];

    static readonly string[] Rate =
    [
        "rate_limit", "rate limit", "ratelimit", "too many requests", "too_many_requests", "tokens per min",
        "requests per min", "throttl", "resource_exhausted", "resource exhausted", "request limit", "concurrency limit",
    ];

    static readonly string[] Overloaded =
    [
        "overloaded", "at capacity", "over capacity", "no capacity", "server is busy", "system is busy",
        "insufficient_system_resource", "model is busy", "high demand",
    ];

    static readonly string[] Starting =
        ["loading model", "model is loading", "currently loading", "model is not ready", "warming up"];

    /// <summary>Classifies an error.</summary>
    /// <param name="error">The error.</param>
    /// <param name="status">Its status, or null where none is known.</param>
    /// <param name="isInStream">Whether it came inside a 200.</param>
    public static ModelFault Classify(UpstreamError error, int? status, bool isInStream)
    {
        if (status == 402 || error.Says(OutOfQuota)
            || status == 429 && error.Says("quota exceeded", "exceeded quota"))
            return ModelFault.OutOfQuota;
        if (status != 429 && error.Says(Filtered))
            return ModelFault.Filtered;
        if (status == 401 || error.Says(BadKey))
            return ModelFault.Unauthorized;
        if (status == 413 && error.Says(Rate) || status is 413 or 429 && error.Says("request too large"))
            return ModelFault.RateLimited with { Retryable = false }; // More than the limit lets through at once.
        if (status == 429)
            return ModelFault.RateLimited;
        if (status == 529)
            return ModelFault.Overloaded;
        // Providers of smaller models say this with 400, 413, 422 or even 500.
        if (error.Says(Context))
            return ModelFault.ContextTooLong;
        if (error.Says(Blind) || error.Says(Media))
            return ModelFault.UnsupportedMedia;
        if (error.Says(Rate))
            return ModelFault.RateLimited;
        if (status is not 503 && error.Says(Overloaded))
            return ModelFault.Overloaded;
        if (status == 403 || isInStream && error.Says("permission_error", "permission denied"))
            return ModelFault.Unauthorized;
        if (status == 503 || error.Says(Starting))
            return error.Says(Overloaded) ? ModelFault.Overloaded : ModelFault.Starting;
        if (status is 408 or 504 or 524 || isInStream && error.Says("timeout", "timed out"))
            return ModelFault.Timeout;
        status ??= error.Says("invalid_request", "bad_request", "not_found", "not found", "does not exist") ? 400 : 500;
        return status >= 500 ? ModelFault.Broken : ModelFault.Refused;
    }
}
