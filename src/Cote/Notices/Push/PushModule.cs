using Cote.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Notices;

static class PushModule
{
    public static void AddPush(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(PushApi.Describe));
        services.AddSingleton<VapidKey>().AddSingleton<WebPushSender>();
        services.AddSingleton(x => new FcmSender(
            x.GetRequiredService<PushOptions>().Fcm, x.GetRequiredService<Outside>(), x.GetRequiredService<Clock>()));
        services.AddSingleton(x => new ApnsSender(
            x.GetRequiredService<PushOptions>().Apns, x.GetRequiredService<Outside>(), x.GetRequiredService<Clock>()));
        services.AddSingleton<PushSenders>().AddSingleton<DeviceStore>().AddSingleton<PushOutbox>();
        services.AddSingleton(PushPace.Default).AddHostedService<PushLoop>()
            .AddHostedService<PushSweepLoop>();
    }

    public static void MapPush(this IEndpointRouteBuilder routes)
    {
        var devices = routes.MapGroup("/devices").RequireAuthorization().WithTags("Devices");
        devices.MapPost("/", RegisterDevice.Handle).Takes<NewDevice>("application/json").Produces<Device>()
            .WithSummary("A device of this session that gets pushes");
        devices.MapGet("/", ListDevices.Handle).Produces<IReadOnlyList<Device>>()
            .WithSummary("The devices that get pushes, the newest first, without their tokens");
        devices.MapDelete("/{deviceId}", RemoveDevice.Handle).Produces<SuccessBody>()
            .WithSummary("Push nothing to a device any more");
    }
}
