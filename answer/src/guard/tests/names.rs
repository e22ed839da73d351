use super::{Conflicts, assert_each};

fn name(found: Conflicts) -> bool {
    found.name
}

#[test]
fn other_models_conflict() {
    let pairs = [
        ("iphone 15能用吗", "iphone 14能用吗"),
        ("iPhone15 能用吗", "iPhone 14 能用吗"),
        ("x200怎么重置", "x300怎么重置"),
        ("X200 怎么重置", "x300怎么重置"),
        ("5g套餐怎么办理", "4g套餐怎么办理"),
        ("vip1有什么权益", "vip2有什么权益"),
        ("vip 1有什么权益", "vip3有什么权益"),
        ("mate60什么时候发货", "mate 50什么时候发货"),
        ("怎么升级win10", "怎么升级windows 11"),
        ("打印机支持a4纸吗", "打印机支持a3纸吗"),
        ("rtx4090多少钱", "rtx4080多少钱"),
        ("ps5手柄怎么连接", "ps4手柄怎么连接"),
        ("t1航站楼怎么走", "t2航站楼怎么走"),
        ("c1驾照怎么换", "c2驾照怎么换"),
        ("usb2接口能用吗", "usb3接口能用吗"),
        ("is the galaxy s23 waterproof", "is the galaxy s24 waterproof"),
        ("windows 10 driver", "windows 11 driver"),
        ("error e101 on screen", "error e205 on screen"),
        ("how much is the a7 camera", "how much is the a9 camera"),
        ("does model x200 support wifi", "does model x300 support wifi"),
        ("pixel 8 battery price", "pixel 9 battery price"),
        ("ip15怎么保修", "iphone 14怎么保修"),
    ];
    assert_each(&pairs, true, name);
}

#[test]
fn the_same_model_agrees() {
    let pairs = [
        ("iphone15能用吗", "iphone 15能用吗"),
        ("IPHONE 15 能用吗", "iphone15能用吗"),
        ("ip15能用吗", "iphone 15能用吗"),
        ("win10怎么升级", "windows 10怎么升级"),
        ("x200怎么重置", "X200重置"),
        ("vip1权益", "vip 1 权益"),
        ("5g套餐", "5G 套餐"),
        ("iphone 14和iphone 15有什么区别", "iphone 15有什么区别"),
        ("error 691 or 651 when dialing", "error 651 when dialing"),
        ("iphone15pro多少钱", "iphone15多少钱"),
    ];
    assert_each(&pairs, false, name);
}

#[test]
fn what_is_no_model_agrees() {
    let pairs = [
        ("x200怎么重置", "怎么重置"),
        ("x200怎么重置", "vip2怎么重置"),
        ("return in 3 days", "return in 5 days"),
        ("after 10 days", "after 20 days"),
        ("i paid 100 for it", "i paid 200 for it"),
        ("订单a12345678怎么退", "订单a87654321怎么退"),
        ("mp3怎么下载", "mp4a2怎么下载"),
        ("3天能到吗", "5天能到吗"),
        ("app怎么登录", "app1怎么登录"),
        ("苹果15怎么保修", "iphone 14怎么保修"),
        ("5g套餐怎么改", "套餐怎么改"),
        ("电话13800138000", "电话13900139000"),
    ];
    assert_each(&pairs, false, name);
}
